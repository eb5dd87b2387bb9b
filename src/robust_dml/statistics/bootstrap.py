"""The paired bootstrap over classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robust_dml.statistics.clusters import class_totals
from robust_dml.statistics.interval import Interval

DRAWS_AT_ONCE = 100


def bootstrap_interval(
    values: NDArray[np.float64], clusters: NDArray[np.int64], *, seed: int, draws: int = 2000, level: float = 0.95
) -> Interval:
    """Compute the percentile bootstrap interval of a mean over queries (Q,), whole classes drawn with replacement.

    For a paired comparison, `values` are the differences of two methods on the same queries. The interval makes no
    assumption of shape but is too narrow for few classes, where `paired_difference` is the better choice. The same
    seed gives the same bytes. Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8
    and 13. Raises ValueError for no queries or unequal lengths.
    """
    totals, sizes = class_totals(values, clusters)
    generator = np.random.Generator(np.random.Philox(seed))
    means = np.empty(draws)
    for start in range(0, draws, DRAWS_AT_ONCE):
        part = means[start : start + DRAWS_AT_ONCE]
        chosen = generator.integers(len(sizes), size=(len(part), len(sizes)))
        part[:] = totals[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(totals.sum() / sizes.sum()), float(low), float(high), level)
