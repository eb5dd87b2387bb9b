"""The information in queries that come in classes: how many independent queries they are worth.

Queries of one class succeed and fail together, so n queries say less than n independent ones. Classes are taken as
a random sample of clusters of unequal sizes (Cochran, Sampling Techniques, 1977, chapters 9 and 11).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Chosen in a simulation of shares from 0.5 to 0.999: fewer degrees widen rare shares without better coverage.
LEAST_DEGREES = 2.0
CHANCE = 0.05


@dataclass(frozen=True)
class ClusteredMean:
    """The mean of queries clustered by class and the precision of that mean.

    The standard error is sqrt(unit variance / effective_size); its error follows Student's t.
    """

    mean: float
    effective_size: float
    degrees_of_freedom: float


def clustered_mean(
    values: NDArray[np.float64], clusters: NDArray[np.int64], *, rare: float, unit_variance: float
) -> ClusteredMean:
    """Compute the mean of `values` (Q,) and its effective sample size under clustering by `clusters` (Q,).

    `unit_variance` is the variance of one query, such as p (1 - p), and `rare` the share of the rarer outcome.
    The effective size is Kish's n / deff (Survey Sampling, 1965). Its variance estimate has Q `rare` rare outcomes
    to learn from; one pseudo-outcome is added to them whose effective size is sqrt(Q classes), half-way on a
    logarithmic scale between complete and no correlation. That is the effective size where nothing can be
    estimated: for equal values (a share of 0 or 1) and for one class. The degrees of freedom are Kish's effective
    number of classes minus 1 (Korn & Graubard, Survey Methodology 24, 1998, adjust the size for them), or the
    effective number of rare outcomes, at least 2, where that is smaller: a choice made in simulation.
    Raises ValueError for no queries, unequal lengths or values that are not finite.
    """
    totals, sizes = class_totals(values, clusters)
    count, presumed = len(values), math.sqrt(len(values) * len(sizes))
    mean = float(totals.sum() / count)
    if len(sizes) == 1 or np.ptp(values) == 0:
        return ClusteredMean(mean, presumed, math.inf)
    degrees = max(1.0, count**2 / float((sizes**2).sum()) - 1)
    variance = max(_between_classes(totals, sizes), _least_variance(float(np.sort(values).var()) / count, degrees))
    rare_outcomes = rare * count
    inverse = (1 / presumed + rare_outcomes * variance / unit_variance) / (1 + rare_outcomes)
    return ClusteredMean(mean, 1 / inverse, min(degrees, max(LEAST_DEGREES, rare * unit_variance / variance)))


def class_totals(
    values: NDArray[np.float64], clusters: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return per class the sum of `values` and the number of queries, each float64 (classes,).

    The sums are those of sorted values, so they do not depend on the order of the queries, in any bit.
    Raises ValueError for no queries, unequal lengths or values that are not finite.
    """
    if not len(values) or values.shape != clusters.shape:
        raise ValueError(f"values {values.shape} and clusters {clusters.shape} must be equally long and not empty")
    if not np.isfinite(values).all():
        raise ValueError("per-query values must be finite")
    order = np.lexsort((values, clusters))
    _, index, sizes = np.unique(clusters[order], return_inverse=True, return_counts=True)
    totals: NDArray[np.float64] = np.bincount(index, weights=values[order]).astype(np.float64)
    return totals, sizes.astype(np.float64)


def t_quantile(degrees_of_freedom: float, level: float) -> float:
    """Return the two-sided quantile of Student's t, the normal one for infinite degrees of freedom."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    return float(ndtri(tail) if math.isinf(degrees_of_freedom) else stdtrit(degrees_of_freedom, tail))


def _between_classes(totals: NDArray[np.float64], sizes: NDArray[np.float64]) -> float:
    """Compute the variance of the ratio of totals to sizes (Cochran 1977, chapter 11).

    Each squared residual is divided by one minus the leverage of its class, for few or unequal classes
    (Bell & McCaffrey, Survey Methodology 28, 2002).
    """
    count = sizes.sum()
    residuals = totals - totals.sum() / count * sizes
    return float((residuals**2 / (1 - sizes / count)).sum() / count**2)


def _least_variance(independent: float, degrees: float) -> float:
    """Return the 5 % quantile of the variance estimate of independent queries: less is chance, not precision."""
    from scipy.special import chdtri

    return independent * float(chdtri(degrees, 1 - CHANCE)) / degrees
