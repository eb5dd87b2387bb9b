"""The effective size of clustered queries, restated class by class."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2

from clustered_queries import Setting, draw_outcomes
from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics.clusters import ClusteredMean, class_totals, clustered_mean


def share_sample(right: NDArray[np.bool_], clusters: NDArray[np.int64]) -> ClusteredMean:
    p = float(right.mean())
    return clustered_mean(right.astype(np.float64), clusters, rare=min(p, 1 - p), unit_variance=p * (1 - p))


def naive_sample(right: list[bool], clusters: list[int]) -> tuple[float, float]:
    """The effective size and the degrees of freedom, with loops."""
    n, p = len(right), sum(right) / len(right)
    variance, squares = 0.0, 0
    for name in set(clusters):
        members = [outcome for outcome, cluster in zip(right, clusters, strict=True) if cluster == name]
        squares += len(members) ** 2
        variance += (sum(members) - p * len(members)) ** 2 / (1 - len(members) / n) / n**2
    classes = n**2 / squares - 1
    variance = max(variance, p * (1 - p) / n * chi2.ppf(0.05, classes) / classes)
    observed, presumed = p * (1 - p) / variance, math.sqrt(n * len(set(clusters)))
    rare = min(sum(right), n - sum(right))
    return (1 + rare) / (1 / presumed + rare / observed), min(classes, max(3, rare / n * observed))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("unequal", [False, True])
def test_the_effective_size_is_that_of_the_formula(share: float, unequal: bool) -> None:
    right, clusters = draw_outcomes(share, Setting(12, 20, 0.1, unequal), numpy_generator("formula", str(share)))
    sample = share_sample(right, clusters)
    size, degrees = naive_sample(right.tolist(), clusters.tolist())
    assert sample.mean == right.mean()
    assert sample.effective_size == pytest.approx(size, rel=1e-9)
    assert sample.degrees_of_freedom == pytest.approx(degrees, rel=1e-9)


def test_queries_of_one_class_each_are_worth_their_number() -> None:
    right = np.arange(1000) % 2 == 0
    assert share_sample(right, np.arange(1000)).effective_size == pytest.approx(1000, rel=0.01)


def test_classes_that_agree_within_are_worth_their_number() -> None:
    right, clusters = np.repeat(np.arange(100) % 2 == 0, 50), np.repeat(np.arange(100), 50)
    assert share_sample(right, clusters).effective_size == pytest.approx(100, rel=0.02)


def test_classes_that_agree_by_chance_are_not_worth_more_than_chance_allows() -> None:
    right, clusters = np.tile(np.arange(180) % 2 == 0, 5), np.repeat(np.arange(5), 180)
    assert share_sample(right, clusters).effective_size < 900 * 4 / chi2.ppf(0.05, 4)


@pytest.mark.parametrize("right", [np.zeros(80, bool), np.ones(80, bool)])
def test_equal_outcomes_are_worth_the_geometric_mean_of_queries_and_classes(right: NDArray[np.bool_]) -> None:
    sample = share_sample(right, np.repeat(np.arange(5), 16))
    assert sample.effective_size == pytest.approx(20) and sample.degrees_of_freedom == math.inf


def test_one_class_is_worth_the_root_of_its_queries() -> None:
    assert share_sample(np.arange(100) % 3 == 0, np.zeros(100, np.int64)).effective_size == pytest.approx(10)


def test_totals_are_the_same_bytes_in_any_order() -> None:
    generator = numpy_generator("order")
    values, clusters = generator.random(500), generator.integers(7, size=500)
    totals, sizes = class_totals(values, clusters)
    order = generator.permutation(500)
    again, _ = class_totals(values[order], clusters[order])
    assert totals.tobytes() == again.tobytes()
    for name in range(7):
        assert totals[name] == pytest.approx(sum(v for v, c in zip(values, clusters, strict=True) if c == name))
        assert sizes[name] == sum(c == name for c in clusters)


@pytest.mark.parametrize(("queries", "clusters"), [(0, 0), (3, 4)])
def test_no_queries_and_unequal_lengths_are_refused(queries: int, clusters: int) -> None:
    with pytest.raises(ValueError, match="equally long"):
        class_totals(np.zeros(queries), np.zeros(clusters, np.int64))


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        class_totals(np.array([0.5, np.nan]), np.zeros(2, np.int64))
