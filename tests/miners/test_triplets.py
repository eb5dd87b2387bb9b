"""At most so many tuples per anchor, each as likely as the others."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from robust_dml.miners import Triplets, at_most_per_anchor, redirect


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 4), st.integers(0, 10))
def test_keeps_the_right_number_of_each_anchor(anchors: list[int], count: int, seed: int) -> None:
    rows = torch.arange(len(anchors))
    triplets = Triplets(torch.tensor(anchors, dtype=torch.int64), rows, rows + 100)
    kept = at_most_per_anchor(triplets, count, torch.Generator().manual_seed(seed))
    assert kept.anchor.tolist() == sorted(kept.anchor.tolist())
    assert len(set(kept.positive.tolist())) == len(kept.positive)
    assert (kept.negative == kept.positive + 100).all()
    assert (triplets.anchor[kept.positive] == kept.anchor).all()
    for anchor in set(anchors):
        assert kept.anchor.tolist().count(anchor) == min(count, anchors.count(anchor))


def test_every_tuple_of_an_anchor_is_equally_likely() -> None:
    rows = torch.arange(4)
    triplets = Triplets(torch.zeros(4, dtype=torch.int64), rows, rows)
    generator = torch.Generator().manual_seed(0)
    chosen = torch.cat([at_most_per_anchor(triplets, 1, generator).positive for _ in range(4000)])
    assert (torch.bincount(chosen, minlength=4) - 1000).abs().max() < 150


def test_redirected_tuples_have_one_slot_in_the_longer_batch() -> None:
    triplets = Triplets(torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5]), torch.tensor([6, 7, 8]))
    found = redirect(triplets, "positive", torch.tensor([2, 0]), first=10)
    assert [rows.tolist() for rows in found] == [[0, 1, 2], [11, 4, 10], [6, 7, 8]]
    assert triplets.positive.tolist() == [3, 4, 5]
