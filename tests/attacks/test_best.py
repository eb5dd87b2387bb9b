"""The best image per sample: higher values win, and a value that is not finite is a success that stays."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from robust_dml.attacks.best import Best

VALUES = st.sampled_from([-2.0, -1.0, 0.0, 1.0, 3.0, float("nan"), float("-inf")])
OFFERS = st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=6)


def flat(value: float) -> Tensor:
    """Three images of one pixel, all of this brightness."""
    return torch.full((3, 1, 1, 1), value)


def naive(offers: list[list[float]], sample: int) -> int:
    """The number of the offer whose image is kept, counted from 1; 0 for the clean image."""
    best, kept = float("-inf"), 0
    for number, values in enumerate(offers, start=1):
        value = values[sample] if math.isfinite(values[sample]) else float("inf")
        if value > best:
            best, kept = value, number
    return kept


@given(offers=OFFERS)
def test_the_first_of_the_highest_values_is_kept(offers: list[list[float]]) -> None:
    best = Best(flat(0))
    for number, values in enumerate(offers, start=1):
        best.offer(flat(number), torch.tensor(values), best.open_rows())
    assert best.images.flatten().tolist() == [naive(offers, sample) for sample in range(3)]


def test_a_nan_stays_and_is_not_replaced_by_a_settled_image() -> None:
    best = Best(flat(0))
    rows = best.open_rows()
    best.offer(flat(1), torch.tensor([torch.nan, 5.0, 1.0]), rows)
    best.offer(flat(2), torch.tensor([100.0, 100.0, 0.0]), rows)
    assert best.images.flatten().tolist() == [1, 2, 1]
    best.settle(flat(3)[:2], torch.tensor([0, 2]))
    assert best.images.flatten().tolist() == [1, 2, 3]


def test_only_settled_samples_are_closed() -> None:
    best = Best(flat(0))
    best.offer(flat(1), torch.tensor([torch.nan, 5.0, 1.0]), best.open_rows())
    assert best.open_rows().tolist() == [0, 1, 2]
    best.settle(flat(3)[:1], torch.tensor([1]))
    assert best.open_rows().tolist() == [0, 2]


def test_the_clean_images_are_not_changed() -> None:
    clean = flat(0)
    Best(clean).offer(flat(1), torch.ones(3), torch.arange(3))
    assert not clean.any()
