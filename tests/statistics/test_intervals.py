"""Intervals over queries: the score interval and its properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from clustered_queries import Setting, draw_outcomes
from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics import Interval, mean_interval, share_interval
from robust_dml.statistics.intervals import wilson

outcomes = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=60)


def width(interval: Interval) -> float:
    return interval.high - interval.low


@pytest.mark.parametrize("right", [0, 1, 7, 20])
def test_the_score_interval_is_scipys(right: int) -> None:
    expected = binomtest(right, 20).proportion_ci(0.95, method="wilson")
    assert wilson(right / 20, 20, 1.959963984540054) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_many_classes_of_one_query_have_nearly_the_unclustered_interval() -> None:
    right = numpy_generator("unclustered").random(2000) < 0.7
    interval = share_interval(right, np.arange(2000))
    expected = binomtest(int(right.sum()), 2000).proportion_ci(0.95, method="wilson")
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-3)


@given(outcomes)
def test_the_interval_contains_its_estimate_and_stays_in_0_to_1(sample: list[tuple[bool, int]]) -> None:
    right, clusters = np.array([r for r, _ in sample]), np.array([c for _, c in sample])
    interval = share_interval(right, clusters)
    assert interval.estimate == pytest.approx(right.mean())
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert width(interval) > 0


@given(outcomes, st.randoms(use_true_random=False))
def test_the_order_of_the_queries_does_not_change_a_bit(sample: list[tuple[bool, int]], random: object) -> None:
    shuffled = list(sample)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (
        mean_interval(np.array([0.3 * r + 0.1 * c for r, c in s]), np.array([c for _, c in s]))
        for s in (sample, shuffled)
    )
    assert one == other


@given(outcomes)
def test_right_and_wrong_have_mirrored_intervals(sample: list[tuple[bool, int]]) -> None:
    right, clusters = np.array([r for r, _ in sample]), np.array([c for _, c in sample])
    interval, mirrored = share_interval(right, clusters), share_interval(~right, clusters)
    assert (interval.low, interval.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5])
def test_more_classes_give_a_narrower_interval(share: float) -> None:
    widths = []
    for classes in (10, 40, 160, 640):
        right, clusters = draw_outcomes(share, Setting(classes, 30, 0.1), numpy_generator("narrower", classes))
        widths.append(width(share_interval(right, clusters)))
    assert widths == sorted(widths, reverse=True) and len(set(widths)) == 4


def test_correlated_queries_give_a_wider_interval() -> None:
    generator = numpy_generator("wider")
    right, clusters = draw_outcomes(0.5, Setting(50, 40, 0.5), generator)
    assert width(share_interval(right, clusters)) > 3 * width(share_interval(generator.permutation(right), clusters))


def test_a_higher_level_gives_a_wider_interval() -> None:
    right, clusters = draw_outcomes(0.5, Setting(50, 40, 0.1), numpy_generator("level"))
    narrow, wide = share_interval(right, clusters, level=0.9), share_interval(right, clusters, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("right", [False, True])
def test_a_share_of_0_or_1_ends_at_the_score_bound_of_the_presumed_size(right: bool) -> None:
    interval = share_interval(np.full(900, right), np.repeat(np.arange(5), 180))
    bound = 1.959963984540054**2 / (math.sqrt(900 * 5) + 1.959963984540054**2)
    expected = (1 - bound, 1.0) if right else (0.0, bound)
    assert (interval.low, interval.high) == pytest.approx(expected)
    assert interval.contains(float(right)) and not interval.contains(0.5)


def test_wrong_queries_give_a_lower_bound_than_none() -> None:
    right, clusters = np.ones(2240, dtype=bool), np.repeat(np.arange(280), 8)
    none_wrong = share_interval(right, clusters)
    for query in range(0, 80, 8):
        right[query] = False
        assert share_interval(right, clusters).low < none_wrong.low


def test_the_interval_of_a_metric_is_narrower_than_that_of_a_share_of_the_same_mean() -> None:
    generator = numpy_generator("metric")
    values, clusters = generator.uniform(0.4, 0.6, 2000), np.repeat(np.arange(100), 20)
    assert width(mean_interval(values, clusters)) < 0.5 * width(share_interval(generator.random(2000) < 0.5, clusters))


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_values_outside_0_to_1_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        mean_interval(np.array([0.5, value]), np.arange(2))
