"""Losses against pytorch-metric-learning, the recorded numbers, and their formulas in plain loops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_metric_learning import distances, losses
from torch import Tensor
from torch.nn.functional import normalize

from robust_dml.config.training import LossConfig
from robust_dml.losses import build_loss
from robust_dml.miners import Triplets
from robust_dml.runtime.errors import UserError

CONTRASTIVE = LossConfig(kind="contrastive", options={"pos_margin": 0.1, "neg_margin": 0.9})
TRIPLET = LossConfig(kind="triplet", options={"margin": 0.2})
LIBRARY = {"contrastive": losses.ContrastiveLoss(0.1, 0.9), "triplet": losses.TripletMarginLoss(0.2)}


def random_tuples(seed: int, count: int = 40) -> tuple[Tensor, Tensor, Triplets]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(18, 6, generator=generator, dtype=torch.float64)
    labels = torch.arange(18) % 3
    anchor = torch.randint(18, (count,), generator=generator)
    positive = (anchor + 3 * torch.randint(1, 6, (count,), generator=generator)) % 18
    negative = (anchor + 1 + 3 * torch.randint(6, (count,), generator=generator)) % 18
    return embeddings.requires_grad_(), labels, Triplets(anchor, positive, negative)


def value_and_gradient(loss: object, embeddings: Tensor, labels: Tensor, tuples: object) -> tuple[Tensor, Tensor]:
    value = loss(embeddings, labels, tuples)  # type: ignore[operator]
    (gradient,) = torch.autograd.grad(value, embeddings)
    return value, gradient


@pytest.mark.parametrize("config", [CONTRASTIVE, TRIPLET], ids=["contrastive", "triplet"])
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_library(config: LossConfig, seed: int) -> None:
    embeddings, labels, triplets = random_tuples(seed)
    ours = value_and_gradient(build_loss(config), embeddings, labels, triplets)
    theirs = value_and_gradient(LIBRARY[config.kind], embeddings, labels, tuple(triplets))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("config", [CONTRASTIVE, TRIPLET], ids=["contrastive", "triplet"])
def test_power_and_normalisation_equal_the_library(config: LossConfig) -> None:
    embeddings, labels, triplets = random_tuples(0)
    options = {"power": 2, "normalize_embeddings": False}
    ours = build_loss(config.model_copy(update={"options": {**config.options, **options}}))
    theirs = type(LIBRARY[config.kind])(**config.options, distance=distances.LpDistance(**options))
    torch.testing.assert_close(ours(embeddings, labels, triplets), theirs(embeddings, labels, tuple(triplets)))


@pytest.mark.parametrize("case", ["unit", "raw", "easy", "allactive", "single"])
@pytest.mark.parametrize("kind", ["contrastive", "triplet"])
def test_recorded_numbers(case: str, kind: str) -> None:
    with np.load(Path(__file__).parents[1] / "golden" / "losses.npz", allow_pickle=False) as golden:
        embeddings = torch.tensor(golden[f"{case}_emb"]).requires_grad_()
        triplets = Triplets(*(torch.tensor(golden[f"{case}_{slot}"]) for slot in "apn"))
        recorded = [torch.tensor(golden[f"{case}_{kind}_{what}"]) for what in ("value", "grad")]
    found = value_and_gradient(build_loss(LossConfig(kind=kind)), embeddings, torch.zeros(12), triplets)
    torch.testing.assert_close(list(found), recorded, rtol=1e-9, atol=1e-10)


def test_triplet_loss_in_a_plain_loop() -> None:
    embeddings, labels, triplets = random_tuples(1)
    unit = normalize(embeddings)
    terms = []
    for a, p, n in zip(*(rows.tolist() for rows in triplets), strict=True):
        violation = (unit[a] - unit[p]).norm() - (unit[a] - unit[n]).norm() + 0.2
        if violation > 0:
            terms.append(violation)
    torch.testing.assert_close(build_loss(TRIPLET)(embeddings, labels, triplets), sum(terms) / len(terms))


def test_gradient_at_distance_zero_is_finite() -> None:
    embeddings = torch.ones(4, 3, requires_grad=True)
    triplets = Triplets(torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([2, 3]))
    for config in (CONTRASTIVE, TRIPLET):
        (gradient,) = torch.autograd.grad(build_loss(config)(embeddings, torch.zeros(4), triplets), embeddings)
        assert gradient.isfinite().all()


def test_half_precision_embeddings_are_compared_in_float32() -> None:
    embeddings, labels, triplets = random_tuples(2)
    half = embeddings.detach().bfloat16()
    loss = build_loss(TRIPLET)(half, labels, triplets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, build_loss(TRIPLET)(half.float(), labels, triplets))


def test_any_loss_of_the_library() -> None:
    embeddings, labels, triplets = random_tuples(3)
    ours = build_loss(LossConfig(kind="MultiSimilarityLoss", options={"alpha": 2.0}))(embeddings, labels, triplets)
    torch.testing.assert_close(ours, losses.MultiSimilarityLoss(alpha=2.0)(embeddings, labels, tuple(triplets)))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (LossConfig(kind="no-such-loss"), "no such loss"),
        (LossConfig(kind="BaseMetricLossFunction"), "no such loss"),
        (LossConfig(kind="triplet", options={"marign": 1}), "marign"),
        (LossConfig(kind="MultiSimilarityLoss", options={"gamma": 1}), "gamma"),
        (LossConfig(kind="ProxyAnchorLoss", options={"num_classes": 3, "embedding_size": 4}), "weights of its own"),
    ],
)
def test_mistakes_are_one_line(config: LossConfig, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        build_loss(config)
    assert "\n" not in str(raised.value)
