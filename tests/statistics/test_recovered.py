"""Intervals of differences and ratios from those of their parts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics import Interval, difference_interval, ratio_interval
from robust_dml.statistics.intervals import wilson

QUANTILE = 1.959963984540054


def share(right: int, size: int) -> Interval:
    return Interval(right / size, *wilson(right / size, size, QUANTILE))


def test_a_difference_has_newcombes_interval() -> None:
    """The first example of his table II: 56 of 70 against 48 of 80."""
    found = difference_interval(share(56, 70), share(48, 80))
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_ratio_of_precise_parts_has_the_interval_of_the_delta_method() -> None:
    of, to = Interval(0.5, 0.498, 0.502), Interval(0.25, 0.249, 0.251)
    half = 2 * math.hypot(0.002 / 0.5, 0.001 / 0.25)
    found = ratio_interval(of, to)
    assert (found.low, found.estimate, found.high) == pytest.approx((2 - half, 2, 2 + half), abs=1e-4)


def test_a_ratio_to_nothing_is_unbounded_with_a_finite_lower_end() -> None:
    found = ratio_interval(share(20, 100), share(0, 100))
    assert (found.estimate, found.high) == (math.inf, math.inf)
    assert 1 < found.low < 20
    assert ratio_interval(share(0, 100), share(0, 100)) == Interval(1.0, 0.0, math.inf)


def test_ratios_are_covered_as_often_as_stated() -> None:
    generator = numpy_generator("ratios")
    drawn = generator.binomial(400, [0.3, 0.12], size=(2000, 2))
    covered = [ratio_interval(share(a, 400), share(b, 400)).contains(2.5) for a, b in drawn]
    assert 93 <= 100 * np.mean(covered) <= 97
