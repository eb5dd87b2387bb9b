"""How many queries or seeds would resolve the sign of a difference."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from robust_dml.statistics.clusters import t_quantile
from robust_dml.statistics.interval import Interval
from robust_dml.statistics.paired import Difference


def queries_to_resolve(difference: Difference) -> int | None:
    """Compute the number of queries whose interval would exclude 0 at the present difference and variance.

    More queries are presumed to come from more classes of the present sizes: the variance falls as 1 / queries
    (Cochran 1977, chapter 9), and the degrees of freedom grow in proportion. A new sample of that size resolves the
    present difference with a chance of about one half. At most the present number where the difference is
    resolved; None where the difference is 0.
    """
    if difference.difference == 0:
        return None

    def resolves(queries: int) -> bool:
        growth = queries / difference.queries
        quantile = t_quantile(max(1.0, difference.degrees_of_freedom * growth), difference.level)
        return quantile * difference.standard_error / math.sqrt(growth) < abs(difference.difference)

    return _smallest(resolves, least=1)


def queries_to_clear(interval: Interval, bound: float, queries: int) -> int | None:
    """Compute the number of queries whose interval would leave out `bound`, from the interval of the present ones.

    The distance of an end from the estimate is presumed to fall as 1 / sqrt(queries), with more classes of the present
    sizes (Cochran 1977, chapter 9). None where the estimate is the bound or not finite.
    """
    distance = abs(interval.estimate - bound)
    end = interval.low if bound < interval.estimate else interval.high
    if distance == 0 or not math.isfinite(interval.estimate) or not math.isfinite(end):
        return None
    return math.floor(queries * ((interval.estimate - end) / distance) ** 2) + 1


def seeds_to_resolve(values: Sequence[float] | NDArray[np.float64], *, level: float = 0.95) -> int | None:
    """Compute the number of seeds whose t interval would exclude 0, from one difference per seed (S,).

    The mean and the standard deviation of the present seeds are presumed (Student, Biometrika 6, 1908). A new
    sample of that size resolves the present mean with a chance of about one half. None for one seed, whose
    variance is unknown, and for a mean of 0.
    """
    sample = np.sort(np.asarray(values, dtype=np.float64))
    if len(sample) < 2 or sample.mean() == 0:
        return None
    mean, deviation = abs(float(sample.mean())), float(sample.std(ddof=1))
    return _smallest(lambda seeds: t_quantile(seeds - 1, level) * deviation / math.sqrt(seeds) < mean, least=2)


def _smallest(resolves: Callable[[int], bool], *, least: int) -> int:
    """Return the smallest number from `least` on that resolves, by doubling and bisection."""
    high = least
    while not resolves(high):
        high *= 2
    low = max(least, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if resolves(middle) else (middle + 1, high)
    return low
