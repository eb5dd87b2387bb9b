"""One training step against the numbers recorded by running the released code (tests/golden/training_step.npz)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from robust_dml.attacks import LinfBall, pgd, released
from robust_dml.attacks.objectives import Objective
from robust_dml.attacks.problem import Problem
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.config.training import TrainingConfig
from robust_dml.miners import Triplets
from robust_dml.models import EmbeddingModel
from robust_dml.training.adam import Adam
from robust_dml.training.step import TrainingStep
from training.tiny_model import loss_of, make_step, tiny_model

SLOTS = {"pos": "positive", "neg": "negative", "anc": "anchor"}
robust_module = import_module("robust_dml.training.methods.robust")
TOLERANCE = {"rtol": 1e-9, "atol": 1e-10}


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(Path(__file__).parents[1] / "golden" / "training_step.npz", allow_pickle=False) as stored:
        return dict(stored)


class ReleasedDistance(Objective):
    """The library's objectives with the 1e-6 that the released distance adds."""

    def __init__(self, positive: Tensor | None, negative: Tensor | None) -> None:
        self.parts = positive, negative
        detached = (None if part is None else part.detach() for part in self.parts)
        self.function = released.objective(*detached)

    def __call__(self, embeddings: Tensor) -> Tensor:
        return self.function(embeddings)

    def rows(self, index: Tensor) -> ReleasedDistance:
        return ReleasedDistance(*(None if part is None else part[index] for part in self.parts))

    def __add__(self, other: Objective) -> Objective:
        assert isinstance(other, ReleasedDistance)
        return ReleasedDistance(self.parts[0], other.parts[1])


@pytest.fixture
def as_recorded(monkeypatch: pytest.MonkeyPatch, golden: dict[str, np.ndarray]) -> Iterator[list[Tensor]]:
    """Draws and noise are the recorded ones; the list collects the adversarial images."""
    made: list[Tensor] = []

    def attack(config: TrainingAttackConfig, problem: Problem) -> Tensor:
        noise, images = tensor(golden["noise"]), problem.images
        noise = noise if len(images) == len(noise) else noise[tensor(golden["mask_part"])]
        assert isinstance(problem.ball, LinfBall)
        start = images + noise
        found = pgd(
            problem.embed, images, problem.objective, problem.ball, steps=config.steps, start=start, keep="last"
        )
        made.append(found)
        return found

    monkeypatch.setattr("robust_dml.training.step.run_attack", attack)
    monkeypatch.setattr(TrainingStep, "draw", lambda self, count, purpose: tensor(golden["mask_draw"]))
    monkeypatch.setattr(robust_module, "repel", lambda references: ReleasedDistance(references, None))
    monkeypatch.setattr(robust_module, "attract", lambda references: ReleasedDistance(None, references))
    yield made


def tensor(array: np.ndarray) -> Tensor:
    return torch.tensor(array)


def recorded_model(golden: dict[str, np.ndarray]) -> EmbeddingModel:
    model = tiny_model()
    torch.nn.utils.vector_to_parameters(tensor(golden["net_flat"]), model.parameters())
    return model


def run_step(golden: dict[str, np.ndarray], loss: str, config: TrainingConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Loss, gradient and parameters after the optimiser's step."""
    model = recorded_model(golden)
    triplets = Triplets(*(tensor(golden[slot]) for slot in "apn"))
    images, labels = tensor(golden["x"]), tensor(golden["labels"])
    step = make_step(model, images, labels, miner=lambda *_: triplets, config=config, loss=loss)
    optimiser = Adam(
        dict(model.named_parameters()), learning_rate=float(golden["lr"]), weight_decay=float(golden["weight_decay"])
    )
    value = loss_of(step)
    value.backward()
    gradient = flat(p.grad for p in model.parameters() if p.grad is not None)
    optimiser.step()
    return value.detach(), gradient, flat(p.detach() for p in model.parameters())


def flat(tensors: Iterable[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def close(found: Tensor, recorded: np.ndarray) -> None:
    torch.testing.assert_close(found, tensor(recorded), **TOLERANCE)


@pytest.mark.parametrize("loss", ["contrastive", "triplet"])
def test_natural_step(golden: dict[str, np.ndarray], loss: str) -> None:
    value, gradient, after = run_step(golden, loss, TrainingConfig(method="natural"))
    close(value, golden[f"natural_{loss}_loss"])
    close(gradient, golden[f"natural_{loss}_grad"])
    close(after, golden[f"natural_{loss}_after"])


@pytest.mark.parametrize("rate", ["full", "part"])
@pytest.mark.parametrize("loss", ["contrastive", "triplet"])
@pytest.mark.parametrize("target", SLOTS)
def test_robust_step(
    golden: dict[str, np.ndarray], as_recorded: list[Tensor], target: str, loss: str, rate: str
) -> None:
    config = TrainingConfig(
        method="robust",
        options={
            "perturb": SLOTS[target],
            "attack_rate": 1.0 if rate == "full" else float(golden["mask_rate_part"]),
        },
        attack=TrainingAttackConfig(epsilon=float(golden["eps"]), steps=int(golden["pgd_steps"])),
    )
    value, gradient, after = run_step(golden, loss, config)
    close(as_recorded[0], golden[f"{target}_{rate}_adv"])
    close(value, golden[f"{target}_{rate}_{loss}_loss"])
    close(gradient, golden[f"{target}_{rate}_{loss}_grad"])
    close(after, golden[f"{target}_{rate}_{loss}_after"])


@pytest.mark.parametrize("rate", ["full", "part"])
@pytest.mark.parametrize("target", SLOTS)
def test_redirected_tuples(golden: dict[str, np.ndarray], target: str, rate: str) -> None:
    triplets = Triplets(*(tensor(golden[slot]) for slot in "apn"))
    attacked = tensor(golden[f"mask_{rate}"]).nonzero().flatten()
    rows = getattr(triplets, SLOTS[target])[attacked]
    assert rows.tolist() == golden[f"{target}_{rate}_source"].tolist()
    redirected = robust_module.redirect(triplets, SLOTS[target], attacked, len(golden["x"]))
    for slot, found in zip("apn", redirected, strict=True):
        assert found.tolist() == golden[f"{target}_{rate}_{slot}_final"].tolist()
    labels = torch.cat([tensor(golden["labels"]), tensor(golden["labels"])[rows]])
    assert labels.tolist() == golden[f"{target}_{rate}_labels_final"].tolist()
