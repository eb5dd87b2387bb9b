"""The released way that ours is timed against is the released algorithm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_metric_learning.losses import ContrastiveLoss, TripletMarginLoss
from torch import Tensor

from benchmarks import released
from robust_dml.attacks import released as recorded
from robust_dml.metrics import retrieval_metrics
from robust_dml.retrieval import Items
from training.tiny_model import tiny_model

LOSSES = {"contrastive": ContrastiveLoss(pos_margin=0, neg_margin=1), "triplet": TripletMarginLoss(margin=0.2)}


@pytest.fixture(scope="module")
def golden() -> dict[str, Tensor]:
    """One step of the released code, recorded (tests/golden/training_step.npz)."""
    with np.load(Path(__file__).parents[1] / "golden" / "training_step.npz", allow_pickle=False) as stored:
        return {name: torch.tensor(stored[name]) for name in stored}


@pytest.fixture
def recorded_noise(golden: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    """The noise of the next attack is the recorded one."""
    draw, noise = Tensor.uniform_, golden["noise"]

    def uniform(empty: Tensor, *arguments: float, **options: object) -> Tensor:
        return empty.copy_(noise) if empty.shape == noise.shape else draw(empty, *arguments, **options)

    monkeypatch.setattr(Tensor, "uniform_", uniform)


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_moves_the_weights_as_recorded(golden: dict[str, Tensor], recorded_noise: None, name: str) -> None:
    model = tiny_model()
    torch.nn.utils.vector_to_parameters(golden["net_flat"].clone(), model.parameters())
    training = released.ReleasedTraining(model, LOSSES[name], epsilon=float(golden["eps"]))
    training.mine = lambda embeddings, labels: tuple(golden[slot] for slot in "apn")  # type: ignore[method-assign]
    loss = training.step(golden["x"], golden["labels"])
    torch.testing.assert_close(loss, golden[f"pos_full_{name}_loss"], rtol=1e-6, atol=1e-7)
    after = torch.nn.utils.parameters_to_vector(model.parameters())
    torch.testing.assert_close(after, golden[f"pos_full_{name}_after"], rtol=1e-6, atol=1e-7)


def test_pgd_is_that_of_the_parity_tests(golden: dict[str, Tensor], recorded_noise: None) -> None:
    model, epsilon = tiny_model(), float(golden["eps"])
    images = golden["x"][: len(golden["noise"])]
    references = model(images).roll(1, 0).detach()
    found = released.pgd(model, images, released.repel(references), epsilon)
    noise = golden["noise"][None]
    expected = recorded.pgd(model, images, recorded.objective(references), "linf", epsilon, noise=noise)
    torch.testing.assert_close(found, expected)


def test_one_tuple_of_each_anchor_is_kept() -> None:
    anchor = torch.tensor([3, 3, 3, 1, 1, 7])
    positive, negative = torch.arange(6), torch.arange(6) + 10
    found = [released.one_per_anchor((anchor, positive, negative)) for _ in range(60)]
    assert all(kept[0].tolist() == [1, 3, 7] for kept in found)
    assert {tuple(kept[1].tolist()) for kept in found} == {(a, b, 5) for a in (3, 4) for b in (0, 1, 2)}
    assert all((kept[2] - kept[1] == 10).all() for kept in found)


def test_metrics_are_ours() -> None:
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.nn.functional.normalize(torch.randn(300, 8, generator=generator))
    labels, ids = torch.randint(0, 12, (300,), generator=generator), torch.arange(300)
    items = Items(embeddings, labels, ids)
    ours = retrieval_metrics(items, items)
    for name, value in released.metrics(embeddings, labels).items():
        assert value == pytest.approx(ours[name], abs=1e-6)
