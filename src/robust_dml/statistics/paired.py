"""The comparison of two methods on the same queries."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robust_dml.statistics.clusters import clustered_mean, t_quantile
from robust_dml.statistics.intervals import share_interval

PerQuery = NDArray[np.bool_] | NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """The mean difference of two methods, its interval over queries, and what the interval was computed from."""

    difference: float
    low: float
    high: float
    resolved: bool
    p_value: float
    standard_error: float
    degrees_of_freedom: float
    queries: int
    level: float = 0.95


def paired_difference(a: PerQuery, b: PerQuery, clusters: NDArray[np.int64], *, level: float = 0.95) -> Difference:
    """Compute mean(a) - mean(b) with its interval, from per-query results in [0, 1], (Q,) or (S, Q), same queries.

    Each query counts once, with its difference averaged over seeds; queries are clustered by class. The interval is
    Student's t with the variance between classes (Cochran 1977, chapter 9; Bell & McCaffrey 2002), where the rare
    outcomes of `clustered_mean` are the queries on which the methods differ. The difference is resolved where
    the interval excludes 0: in simulation, for equal methods, in at most 6 % of samples at level 0.95. For five classes
    with an intra-class correlation of 0.3, a true difference is covered in only 80 %. Seeds are held fixed: see
    `seed_interval` and `seeds_to_resolve` for their variance.
    Raises ValueError for no queries, unequal lengths or values that are not finite.
    """
    gain = _over_seeds(a) - _over_seeds(b)
    discordance = float(np.sort(np.abs(gain)).mean()) if len(gain) else math.nan
    sample = clustered_mean(gain, clusters, rare=discordance, unit_variance=discordance)
    if discordance == 0:
        return _no_difference(clusters, level)
    error = math.sqrt(discordance / sample.effective_size)
    half = t_quantile(sample.degrees_of_freedom, level) * error
    low, high = max(-1.0, sample.mean - half), min(1.0, sample.mean + half)
    return Difference(
        difference=sample.mean,
        low=low,
        high=high,
        resolved=half < abs(sample.mean),
        p_value=_two_sided(sample.mean / error, sample.degrees_of_freedom),
        standard_error=error,
        degrees_of_freedom=sample.degrees_of_freedom,
        queries=len(gain),
        level=level,
    )


def _over_seeds(results: PerQuery) -> NDArray[np.float64]:
    values = results.astype(np.float64)
    return values if values.ndim == 1 else values.mean(axis=0)


def _no_difference(clusters: NDArray[np.int64], level: float) -> Difference:
    """Return the difference of equal results: at most the share of differing queries that none seen allows."""
    bound = share_interval(np.zeros(len(clusters), dtype=np.bool_), clusters, level=level).high
    return Difference(0.0, -bound, bound, False, 1.0, 0.0, math.inf, len(clusters), level)


def _two_sided(statistic: float, degrees_of_freedom: float) -> float:
    from scipy.special import ndtr, stdtr

    below = ndtr(-abs(statistic)) if math.isinf(degrees_of_freedom) else stdtr(degrees_of_freedom, -abs(statistic))
    return float(2 * below)
