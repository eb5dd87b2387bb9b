"""The distance-weighted miner: its probabilities against pytorch-metric-learning's and the recorded probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_metric_learning.miners import DistanceWeightedMiner as LibraryDistanceWeighted
from pytorch_metric_learning.utils import loss_and_miner_utils
from torch import Tensor
from torch.nn.functional import normalize

from robust_dml.miners.distance_weighted import DistanceWeightedMiner, negative_weights

CUTOFFS = {"cutoff": 0.5, "nonzero_loss_cutoff": 1.4}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clustered(seed: int, d: int = 16, classes: int = 6, members: int = 3) -> tuple[Tensor, Tensor]:
    centres = torch.randn(classes, d, generator=generator(seed), dtype=torch.float64)
    noise = 0.4 * torch.randn(classes * members, d, generator=generator(seed + 1), dtype=torch.float64)
    return normalize(centres.repeat_interleave(members, 0) + noise), torch.arange(classes).repeat_interleave(members)


def library_weights(embeddings: Tensor, labels: Tensor, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """What the library hands to its sampling, caught on the way."""
    caught: list[Tensor] = []

    def catch(labels: Tensor, ref_labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        caught.append(weights)
        return labels[:0], labels[:0], labels[:0]

    monkeypatch.setattr(loss_and_miner_utils, "get_random_triplet_indices", catch)
    LibraryDistanceWeighted(**CUTOFFS)(embeddings, labels)
    return caught[0].nan_to_num(0)


def probabilities(embeddings: Tensor, labels: Tensor) -> Tensor:
    weights = negative_weights(embeddings, labels[:, None] == labels, **CUTOFFS)
    return (weights / weights.sum(1, keepdim=True)).nan_to_num(0)


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_equal_the_librarys(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, labels = clustered(seed)
    theirs = library_weights(embeddings, labels, monkeypatch)
    torch.testing.assert_close(probabilities(embeddings, labels), theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("case", "tolerance"), [("d128", 1e-10), ("d2", 1e-10), ("d128f32", 1e-4), ("d512f32", 1e-4)])
def test_recorded_probabilities(case: str, tolerance: float) -> None:
    with np.load(Path(__file__).parents[1] / "golden" / "miner.npz", allow_pickle=False) as golden:
        embeddings, labels = torch.tensor(golden[f"{case}_emb"]), torch.tensor(golden[f"{case}_labels"])
        recorded, counts = golden[f"{case}_prob"], golden[f"{case}_triplets_per_anchor"]
    assert np.abs(probabilities(embeddings, labels).numpy() - recorded).max() < tolerance
    mined = DistanceWeightedMiner(**CUTOFFS)(embeddings, labels, generator())
    assert np.bincount(mined.anchor, minlength=len(labels)).tolist() == counts.tolist()


def test_draws_follow_the_probabilities() -> None:
    embeddings, labels = clustered(4, d=3)
    miner = DistanceWeightedMiner(**CUTOFFS)
    negatives, positives = torch.zeros(18, 18), torch.zeros(18, 18)
    source, rounds = generator(), 3000
    for _ in range(rounds):
        mined = miner(embeddings, labels, source)
        negatives.index_put_((mined.anchor, mined.negative), torch.ones(len(mined.anchor)), accumulate=True)
        positives.index_put_((mined.anchor, mined.positive), torch.ones(len(mined.anchor)), accumulate=True)
    expected = probabilities(embeddings, labels).float()
    kept = expected.sum(1) > 0
    assert (negatives[expected == 0] == 0).all()
    error = (negatives / (3 * rounds) - expected)[kept].abs().max()
    assert error < 5 * (0.25 / (3 * rounds)) ** 0.5
    others = ((labels[:, None] == labels) & ~torch.eye(18, dtype=torch.bool)).float()
    assert ((positives / (3 * rounds) - others / 2)[kept].abs() < 5 * (0.25 / (3 * rounds)) ** 0.5).all()


def test_same_generator_same_tuples() -> None:
    embeddings, labels = clustered(5)
    miner = DistanceWeightedMiner(**CUTOFFS)
    first, again, other = (miner(embeddings, labels, generator(seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.negative, other.negative)


def test_nothing_to_mine() -> None:
    miner = DistanceWeightedMiner(**CUTOFFS)
    far_apart = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]])
    for labels in (torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 0]), torch.tensor([0, 1, 2, 3])):
        assert len(miner(far_apart, labels, generator()).anchor) == 0


def test_mining_takes_no_gradient() -> None:
    embeddings, labels = clustered(6)
    mined = DistanceWeightedMiner()(embeddings.requires_grad_(), labels, generator())
    assert not any(rows.requires_grad for rows in mined)
