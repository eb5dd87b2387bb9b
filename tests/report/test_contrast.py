"""A difference is resolved only beyond both of its sources of variance: queries and seeds."""

from __future__ import annotations

import numpy as np
import pytest

from robust_dml.report.contrast import contrast
from robust_dml.report.samples import Sample

QUERIES = 200


def sample(*recalls: float) -> Sample:
    """Seeds right on the first queries, as many as their recall says; the queries are of classes of 10."""
    right = np.array([np.arange(QUERIES) < recall * QUERIES for recall in recalls])
    return Sample(tuple(range(len(recalls))), np.arange(QUERIES), np.arange(QUERIES) % 20, right)


def test_the_difference_is_that_of_the_means_and_of_each_seed() -> None:
    found = contrast(sample(0.6, 0.7, 0.8), sample(0.5, 0.5, 0.4))
    assert found is not None
    assert found.interval.estimate == pytest.approx(0.7 - 1.4 / 3)
    assert [found.seeds[seed] for seed in range(3)] == pytest.approx([0.1, 0.2, 0.4])


def test_it_is_resolved_beyond_queries_and_seeds() -> None:
    assert contrast(sample(0.6, 0.62, 0.61), sample(0.4, 0.41, 0.4)).resolved
    few = contrast(sample(0.60, 0.60, 0.60), sample(0.59, 0.59, 0.59))
    assert not few.resolved
    assert not few.queries.resolved
    unstable = contrast(sample(0.95, 0.6, 0.55), sample(0.5, 0.5, 0.5))
    assert unstable.queries.resolved
    assert not unstable.resolved


def test_one_seed_has_no_interval_over_seeds() -> None:
    found = contrast(sample(0.6), sample(0.4))
    assert found.over_seeds is None
    assert found.resolved
