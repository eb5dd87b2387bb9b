"""Training seeds: a source of variance of its own, never pooled with that of the queries."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robust_dml.statistics.clusters import t_quantile
from robust_dml.statistics.interval import Interval
from robust_dml.statistics.intervals import mean_interval


def seed_interval(
    values: Sequence[float] | NDArray[np.float64],
    *,
    level: float = 0.95,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Interval | None:
    """Compute Student's t interval of the mean over training seeds, one value per seed; None for one seed.

    The interval says how far another set of seeds could move the mean on the same queries. Its ends are clipped
    to `within`, the range of the metric. Equal values give an interval without width.
    Source: Student, Biometrika 6, 1908. Raises ValueError for no values.
    """
    sample = np.sort(np.asarray(values, dtype=np.float64))
    if not len(sample):
        raise ValueError("no seeds to take a mean over")
    if len(sample) == 1:
        return None
    mean = float(sample.mean())
    half = t_quantile(len(sample) - 1, level) * float(sample.std(ddof=1)) / math.sqrt(len(sample))
    return Interval(mean, max(within[0], mean - half), min(within[1], mean + half), level)


def share_interval_over_seeds(
    right: NDArray[np.bool_], clusters: NDArray[np.int64], *, level: float = 0.95
) -> Interval:
    """Compute the interval over queries of a share averaged over seeds, from bool (S, Q) and classes (Q,).

    All seeds meet the same queries, so S Q outcomes are not S Q observations: each query counts once, with its
    mean over the seeds. The seeds are held fixed; `seed_interval` is the interval of their variance.
    Source: Cochran, Sampling Techniques, 1977, chapter 9. Raises ValueError for no queries or unequal lengths.
    """
    return mean_interval(right.mean(axis=0), clusters, level=level)
