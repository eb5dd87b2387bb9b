"""Intervals over seeds, and over queries for the mean over seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics import mean_interval, seed_interval, share_interval, share_interval_over_seeds


def test_the_interval_over_seeds_is_students() -> None:
    values = [0.61, 0.58, 0.66, 0.60]
    interval = seed_interval(values)
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    assert interval is not None
    assert interval.estimate == pytest.approx(np.mean(values))
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_one_seed_has_no_interval() -> None:
    assert seed_interval([0.5]) is None


def test_no_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="no seeds"):
        seed_interval([])


def test_the_ends_stay_within_the_range_of_the_metric() -> None:
    interval = seed_interval([0.0, 1.0], within=(0, 1))
    assert interval is not None and (interval.low, interval.high) == (0, 1)


def test_the_order_of_the_seeds_does_not_change_a_bit() -> None:
    values = numpy_generator("seeds").random(7)
    assert seed_interval(values) == seed_interval(values[::-1])


def test_seeds_that_agree_on_every_query_add_no_information() -> None:
    right, clusters = numpy_generator("agree").random(300) < 0.6, np.repeat(np.arange(30), 10)
    assert share_interval_over_seeds(np.stack([right] * 4), clusters) == share_interval(right, clusters)


def test_each_query_counts_once_with_its_mean_over_the_seeds() -> None:
    right, clusters = numpy_generator("once").random((3, 300)) < 0.6, np.repeat(np.arange(30), 10)
    means = np.array([sum(right[seed, query] for seed in range(3)) / 3 for query in range(300)])
    interval, expected = share_interval_over_seeds(right, clusters), mean_interval(means, clusters)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
