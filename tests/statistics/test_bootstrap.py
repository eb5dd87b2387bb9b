"""The bootstrap over classes: deterministic, and the same as the t interval for many classes."""

from __future__ import annotations

import numpy as np
import pytest

from clustered_queries import Setting, draw_outcomes
from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics import bootstrap_interval, paired_difference


def gains() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = numpy_generator("bootstrap")
    a, clusters = draw_outcomes(0.6, Setting(200, 10, 0.2), generator)
    return a, a & (generator.random(len(a)) < 0.9), clusters


def test_one_seed_gives_the_same_bytes_and_another_others() -> None:
    a, b, clusters = gains()
    values = a.astype(float) - b
    assert bootstrap_interval(values, clusters, seed=3) == bootstrap_interval(values, clusters, seed=3)
    assert bootstrap_interval(values, clusters, seed=3) != bootstrap_interval(values, clusters, seed=4)


def test_many_classes_have_the_interval_of_the_paired_difference() -> None:
    a, b, clusters = gains()
    interval = bootstrap_interval(a.astype(float) - b, clusters, seed=0, draws=5000)
    difference = paired_difference(a, b, clusters)
    assert interval.estimate == pytest.approx(difference.difference)
    assert (interval.low, interval.high) == pytest.approx((difference.low, difference.high), abs=0.002)


def test_whole_classes_are_drawn() -> None:
    generator = np.random.Generator(np.random.Philox(7))
    values, clusters = np.array([0.0, 0.25, 1.0, 0.5, 0.75]), np.array([0, 0, 1, 2, 2])
    classes = [values[clusters == name] for name in range(3)]
    means = [np.concatenate([classes[i] for i in chosen]).mean() for chosen in generator.integers(3, size=(50, 3))]
    interval = bootstrap_interval(values, clusters, seed=7, draws=50)
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
