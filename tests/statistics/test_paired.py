"""Paired differences: queries are compared with themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from clustered_queries import Setting, draw_outcomes
from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics import mcnemar, paired_difference

CLUSTERS = np.repeat(np.arange(100), 20)


def discordant(wins: int, losses: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of 2000 queries of which the first method alone is right on `wins`, the second on `losses`."""
    a, b = np.ones(2000, dtype=bool), np.ones(2000, dtype=bool)
    chosen = numpy_generator("discordant").permutation(2000)
    b[chosen[:wins]] = False
    a[chosen[wins : wins + losses]] = False
    return a, b


def test_independent_queries_have_nearly_the_paired_t_interval() -> None:
    generator = numpy_generator("paired t")
    a, b = generator.random(3000), generator.random(3000) * 0.9
    difference, expected = paired_difference(a, b, np.arange(3000)), ttest_rel(a, b)
    interval = expected.confidence_interval(0.95)
    assert difference.difference == pytest.approx(a.mean() - b.mean())
    assert (difference.low, difference.high) == pytest.approx((interval.low, interval.high), abs=5e-4)
    assert difference.p_value == pytest.approx(expected.pvalue, abs=1e-4)


@pytest.mark.parametrize(("wins", "losses"), [(0, 1), (3, 0), (5, 0), (12, 0), (40, 10), (60, 55), (100, 140)])
def test_independent_queries_are_decided_as_by_mcnemar(wins: int, losses: int) -> None:
    a, b = discordant(wins, losses)
    difference = paired_difference(a, b, np.arange(2000))
    assert difference.resolved == (mcnemar(a, b) < 0.05)
    assert difference.difference == pytest.approx((wins - losses) / 2000)


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (30, 30), (80, 20)])
def test_a_difference_is_resolved_where_its_interval_excludes_0(wins: int, losses: int) -> None:
    difference = paired_difference(*discordant(wins, losses), CLUSTERS)
    assert -1 <= difference.low <= difference.difference <= difference.high <= 1
    assert difference.resolved == (difference.low > 0 or difference.high < 0) == (difference.p_value < 0.05)


def test_exchanged_methods_have_the_opposite_difference() -> None:
    a, b = discordant(80, 20)
    forth, back = paired_difference(a, b, CLUSTERS), paired_difference(b, a, CLUSTERS)
    assert (forth.low, forth.high, forth.p_value) == pytest.approx((-back.high, -back.low, back.p_value))


def test_equal_results_are_not_resolved_and_bounded_by_the_differences_not_seen() -> None:
    a, _ = discordant(0, 0)
    difference = paired_difference(a, a, CLUSTERS)
    assert difference.difference == 0 and not difference.resolved and difference.p_value == 1
    assert -0.02 < difference.low < 0 < difference.high < 0.02


def test_differences_within_one_class_are_not_resolved() -> None:
    a, b = np.ones(2000, dtype=bool), np.ones(2000, dtype=bool)
    b[:20] = False
    assert mcnemar(a, b) < 1e-5
    assert not paired_difference(a, b, CLUSTERS).resolved


def test_pairing_resolves_what_two_samples_would_not() -> None:
    generator = numpy_generator("pairing")
    a, clusters = draw_outcomes(0.5, Setting(100, 20, 0.3), generator)
    b = a & (generator.random(len(a)) > 0.04)
    assert paired_difference(a, b, clusters).resolved
    assert not paired_difference(a, generator.permutation(b), clusters).resolved


def test_each_query_counts_once_with_its_mean_over_the_seeds() -> None:
    generator = numpy_generator("seeds of pairs")
    a, b = generator.random((3, 2000)) < 0.6, generator.random((2, 2000)) < 0.5
    assert paired_difference(a, b, CLUSTERS) == paired_difference(a.mean(axis=0), b.mean(axis=0), CLUSTERS)
    assert paired_difference(np.stack([a[0]] * 5), b[0], CLUSTERS) == paired_difference(a[0], b[0], CLUSTERS)


def test_the_order_of_the_queries_does_not_change_a_bit() -> None:
    generator = numpy_generator("order of pairs")
    a, b, order = generator.random(2000), generator.random(2000), generator.permutation(2000)
    assert paired_difference(a, b, CLUSTERS) == paired_difference(a[order], b[order], CLUSTERS[order])
