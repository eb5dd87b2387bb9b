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
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

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
AVERAGE_STEPS = 100


def study_of(training: str, epochs: int | None) -> Study:
    """Return the demo with validation classes and one training, written as YAML, of its or other `epochs`."""
    content = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    content["datasets"]["patches"]["validation"] = HELD_OUT
    content |= {"trainings": {"own": yaml.safe_load(training)}, "models": {}, "report": {}}
    content["optimisation"]["average_steps"] = AVERAGE_STEPS
    if epochs is not None:
        content["optimisation"] |= {"epochs": epochs, "validate_every": epochs}
    with NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(yaml.safe_dump(content))
        file.flush()
        return load_study(Path(file.name))


def trials(study: Study, run: Run, radii: Sequence[int]) -> Iterator[tuple[str, dict[str, float]]]:
    """Train a model without touching test classes; yield the recalls of the last weights, and of their mean."""
    with training_arithmetic(optimisation_of(study, run), backbone_of(study, run)[1]):
        training = Training(study, run)
        with StopRequest() as stop:
            for epoch in range(training.optimisation.epochs):
                training.progress = TrainingProgress(epoch=epoch)
                train_epoch(training, epoch, stop)
        part = training.dataset.part("validation")
        yield "last", recalls(training.forward.exact(), part, radii)
        yield "mean", recalls(training.exact(), part, radii)


def recalls(embed: FrozenEmbedding, part: Part, radii: Sequence[int]) -> dict[str, float]:
    """Return recall@1 in percent of a part among itself: clean, and under an attack at each radius."""
    items = Items.of(embed_part(embed, part, "cpu", batch=BATCH), part)
    clean = rank(items, items).right
    found = {"clean": clean} | {f"{radius}/255": _standing(embed, part, items, clean, radius / 255) for radius in radii}
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
    parser.add_argument("--epochs", type=int, help="in place of the demo's")
    parser.add_argument("--radii", type=int, nargs="+", default=RADII, help="of the attack, in 255ths")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    study, run = study_of(arguments.training, arguments.epochs), Run("patches", "triplet", "own", arguments.seed)
    for weights, found in trials(study, run, arguments.radii):
        seconds = round(time.process_time() - started)
        how = {"cpu_seconds": seconds, "epochs": arguments.epochs, "training": arguments.training}
        print(json.dumps({"weights": weights, **found, **how}), flush=True)


if __name__ == "__main__":
    main()
