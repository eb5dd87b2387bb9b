"""Trials of a training on validation classes: python -m benchmarks.held_out '{method: robust, perturb: anchor, ...}'

The data, network and steps are those of config/demo.yaml with 30 % of the training classes held out; no test class is
looked at. It prints recall@1 among the held-out classes, clean and under APGD with 20 steps on the margin at 2, 4 and
8/255, of the last weights and of their mean over the last hundred steps or so. The images must be prepared:
`robust-dml index config/demo.yaml --dataset patches`, then `robust-dml store`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import yaml
from torch import Tensor

from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.objectives import margin
from robust_dml.attacks.optimisers.apgd import apgd
from robust_dml.config import Run, Study, load_study
from robust_dml.config.resolve import backbone_of, optimisation_of
from robust_dml.data.loading.dataset import Part
from robust_dml.models.embed_part import as_pixels, embed_part
from robust_dml.models.folding import FrozenEmbedding
from robust_dml.retrieval.items import Items
from robust_dml.retrieval.ranking import rank
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.runtime.torch_settings import training_arithmetic
from robust_dml.training.loop import train_epoch
from robust_dml.training.setup import Training
from robust_dml.training.signals import StopRequest
from robust_dml.training.state import TrainingProgress

DEMO, HELD_OUT = Path("config/demo.yaml"), 0.3
RADII, STEPS, BATCH = (2, 4, 8), 20, 256
LONGEST, WARM_UP = 0.99, 10
"""The decay of the mean of weights, and the steps after which it begins to be as slow as that."""


def study_of(training: str) -> Study:
    """Return the demo with validation classes and one training, written as YAML."""
    content = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    content["datasets"]["patches"]["validation"] = HELD_OUT
    content |= {"trainings": {"own": yaml.safe_load(training)}, "models": {}, "report": {}}
    path = Path("held-out.yaml")
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    try:
        return load_study(path)
    finally:
        path.unlink()


def trials(study: Study, run: Run) -> Iterator[tuple[str, dict[str, float]]]:
    """Train a model without touching test classes; yield the recalls of the last weights, and of their mean."""
    with training_arithmetic(optimisation_of(study, run), backbone_of(study, run)[1]):
        training = Training(study, run)
        averaged = train(training)
        part = training.dataset.part("validation")
        yield "last", recalls(training.forward.exact(), part)
        training.forward.model.load_state_dict(averaged)
        training.forward.refresh()
        yield "mean", recalls(training.forward.exact(), part)


def train(training: Training) -> dict[str, Tensor]:
    """Train to the end, from the beginning; return the mean of the weights, by name."""
    weights = training.forward.model.state_dict()
    averaged = {name: weight.detach().clone() for name, weight in weights.items()}
    step, count = training.optimiser.step, 0

    def stepping() -> None:
        nonlocal count
        step()
        count += 1
        decay = min(LONGEST, count / (count + WARM_UP))
        for name, weight in weights.items():
            averaged[name].mul_(decay).add_(weight.detach(), alpha=1 - decay)

    training.optimiser.step = stepping  # type: ignore[method-assign]
    with StopRequest() as stop:
        for epoch in range(training.optimisation.epochs):
            training.progress = TrainingProgress(epoch=epoch)
            train_epoch(training, epoch, stop)
    training.forward.refresh()
    return averaged


def recalls(embed: FrozenEmbedding, part: Part) -> dict[str, float]:
    """Return recall@1 in percent of a part among itself: clean, and under an attack at each radius."""
    items = Items.of(embed_part(embed, part, "cpu", batch=BATCH), part)
    clean = rank(items, items).right
    found = {"clean": clean} | {f"{radius}/255": _standing(embed, part, items, clean, radius / 255) for radius in RADII}
    return {name: round(100 * float(right.double().mean()), 1) for name, right in found.items()}


def _standing(embed: FrozenEmbedding, part: Part, items: Items, clean: Tensor, epsilon: float) -> Tensor:
    """Return which queries (N,) are right without an attack and under it."""
    right = clean.clone()
    for rows in torch.split(clean.nonzero().flatten(), BATCH):
        queries = items.rows(rows)
        goal, ball = margin(queries, items), BALLS["linf"](epsilon)
        images = as_pixels(part.test_images(rows), "cpu")
        start = ball.random(images, seeds=sample_seeds(queries.ids, 0, "trial"))
        moved = apgd(embed, images, goal, ball, steps=STEPS, start=start, until=goal)
        with torch.no_grad():
            right[rows] = goal(embed(moved)) <= 0
    return right


def main() -> None:
    """Print a line of JSON for the last weights, and one for their mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", help="an entry of `trainings`, as YAML")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    for weights, found in trials(study_of(arguments.training), Run("patches", "triplet", "own", arguments.seed)):
        seconds = round(time.process_time() - started)
        print(json.dumps({"weights": weights, **found, "cpu_seconds": seconds, "training": arguments.training}))


if __name__ == "__main__":
    main()
