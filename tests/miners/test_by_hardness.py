"""Strategies by hardness against a naive statement of each."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from robust_dml.config.training import MinerConfig
from robust_dml.miners import Triplets, build_miner

EMBEDDINGS = torch.nn.functional.normalize(torch.randn(24, 6, generator=torch.Generator().manual_seed(2)))
LABELS = torch.arange(24) // 4
MARGIN = 0.3


def mine(strategy: str, seed: int = 0, **options: Any) -> Triplets:
    miner = build_miner(MinerConfig(kind="by-hardness", strategy=strategy, margin=MARGIN, **options))
    return miner(EMBEDDINGS, LABELS, torch.Generator().manual_seed(seed))


def d(i: int, j: int) -> float:
    return float((EMBEDDINGS[i] - EMBEDDINGS[j]).norm())


def allowed(strategy: str, a: int, p: int) -> set[int]:
    """The negatives that an anchor may draw."""
    others = [n for n in range(len(LABELS)) if LABELS[n] != LABELS[a]]
    if strategy == "semihard":
        found = {n for n in others if d(a, p) < d(a, n) < d(a, p) + MARGIN}
    elif strategy == "softhard":
        farthest = max(d(a, i) for i in range(len(LABELS)) if LABELS[i] == LABELS[a])
        found = {n for n in others if d(a, n) < farthest}
    elif strategy == "hard":
        found = {min(others, key=lambda n: d(a, n))}
    else:
        found = set(others)
    return found or set(others)


@pytest.mark.parametrize("strategy", ["random", "semihard", "softhard", "hard", "distance"])
def test_each_anchor_has_one_allowed_tuple(strategy: str) -> None:
    for seed in range(5):
        triplets = mine(strategy, seed)
        assert triplets.anchor.tolist() == list(range(24))
        for a, p, n in zip(*(rows.tolist() for rows in triplets), strict=True):
            assert p != a and LABELS[p] == LABELS[a]
            assert n in allowed(strategy, a, p)


def test_a_softhard_positive_is_farther_than_the_nearest_negative_where_there_is_one() -> None:
    for a, p, _ in zip(*(rows.tolist() for rows in mine("softhard")), strict=True):
        nearest = min(d(a, n) for n in range(24) if LABELS[n] != LABELS[a])
        farther = [i for i in range(24) if LABELS[i] == LABELS[a] and d(a, i) > nearest]
        assert not farther or p in farther


def test_pairs_are_even_rows_and_the_rows_after_them() -> None:
    triplets = mine("random", pairs=True)
    assert triplets.anchor.tolist() == list(range(0, 24, 2))
    assert triplets.positive.tolist() == list(range(1, 24, 2))


def test_a_released_softhard_positive_may_be_the_anchor() -> None:
    tight = torch.nn.functional.normalize(torch.eye(6).repeat_interleave(4, 0) + 0.001 * EMBEDDINGS)
    miner = build_miner(MinerConfig(kind="by-hardness", strategy="softhard", as_released=True))
    found = [miner(tight, LABELS, torch.Generator().manual_seed(seed)) for seed in range(10)]
    assert any((triplets.anchor == triplets.positive).any() for triplets in found)
    corrected = build_miner(MinerConfig(kind="by-hardness", strategy="softhard"))
    found = [corrected(tight, LABELS, torch.Generator().manual_seed(seed)) for seed in range(10)]
    assert not any((triplets.anchor == triplets.positive).any() for triplets in found)


def test_a_batch_without_pairs_has_no_tuple() -> None:
    miner = build_miner(MinerConfig(kind="by-hardness"))
    for labels in (torch.arange(24), torch.zeros(24, dtype=torch.int64)):
        assert len(miner(EMBEDDINGS, labels, torch.Generator()).anchor) == 0
