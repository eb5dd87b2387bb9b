"""Intervals over queries: recall@1 and other per-query metrics in [0, 1], clustered by class."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from robust_dml.statistics.clusters import clustered_mean, t_quantile
from robust_dml.statistics.interval import Interval


def share_interval(right: NDArray[np.bool_], clusters: NDArray[np.int64], *, level: float = 0.95) -> Interval:
    """Compute the interval of a share such as recall@1, from queries bool (Q,) of classes `clusters` (Q,).

    The score interval of Wilson (JASA 22, 1927) at the effective sample size of the clustered queries, with the
    quantile of Student's t. See `clustered_mean` for the effective size, and for a share of exactly 0 or 1.
    The score interval keeps its coverage near 0 and 1 (Brown, Cai & DasGupta, Statistical Science 16, 2001).
    Its simulated coverage (tests/statistics/test_coverage.py) at level 0.95 is about 93 to 97 % for shares of 0.1
    to 0.9 of 20 classes or more. Rarer outcomes are covered more often: their correlation cannot be seen. Five
    classes are covered in about 90 % of samples where their intra-class correlation is 0.3 and the share is 0.9.
    Raises ValueError for no queries or unequal lengths.
    """
    return mean_interval(right.astype(np.float64), clusters, level=level)


def mean_interval(values: NDArray[np.float64], clusters: NDArray[np.int64], *, level: float = 0.95) -> Interval:
    """Compute the interval of the mean of a per-query metric in [0, 1], such as mAP@R, (Q,) of classes (Q,).

    The metric's mean p is treated as a share: its effective size is that of the share with the same variance,
    p (1 - p) / variance. The ends therefore stay in [0, 1]. See `share_interval` for the construction.
    Raises ValueError for values outside [0, 1], no queries or unequal lengths.
    """
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("per-query values must lie in [0, 1]")
    mean = float(np.sort(values).mean()) if len(values) else math.nan
    sample = clustered_mean(values, clusters, rare=min(mean, 1 - mean), unit_variance=mean * (1 - mean))
    low, high = wilson(sample.mean, sample.effective_size, t_quantile(sample.degrees_of_freedom, level))
    return Interval(sample.mean, low, high, level)


def wilson(share: float, size: float, quantile: float) -> tuple[float, float]:
    """Compute the ends of Wilson's score interval (JASA 22, 1927) of a share of `size` independent trials."""
    squared = quantile**2 / size
    centre = (share + squared / 2) / (1 + squared)
    half = math.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
