"""The values of one quantity by seed, and their mean, spread and ratio."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust_dml.statistics import Interval

Seeds = Mapping[int, float]


def mean(seeds: Seeds) -> float | None:
    """Return the mean over seeds, None without any."""
    return statistics.fmean(seeds.values()) if seeds else None


def spread(seeds: Seeds) -> float | None:
    """Return the sample standard deviation over seeds, None with fewer than two or if a value is not finite."""
    values = list(seeds.values())
    return statistics.stdev(values) if len(values) > 1 and all(map(math.isfinite, values)) else None


def with_ends(seeds: Seeds, ends: Sequence[tuple[float, float]]) -> Interval | None:
    """Return the mean over seeds with the mean of the ends of their intervals over queries; None if a seed has none.

    It is never too narrow: the seeds meet the same queries, but do not err on all of them together.
    """
    from robust_dml.statistics import Interval

    middle = mean(seeds)
    if middle is None or len(ends) != len(seeds):
        return None
    low, high = (sum(end) / len(ends) for end in zip(*ends, strict=True))
    return Interval(middle, low, high)


def ratio(of: float, to: float) -> float:
    """Return of / to; infinite if only `to` is zero, and 1 if both are."""
    if to == 0:
        return math.inf if of > 0 else 1.0
    return of / to


def paired(of: Seeds, to: Seeds) -> tuple[Seeds, Seeds]:
    """Return both, restricted to the seeds that they share; one value alone is that of every seed of the other."""
    of, to = _repeated(of, to), _repeated(to, of)
    shared = [seed for seed in of if seed in to]
    return {seed: of[seed] for seed in shared}, {seed: to[seed] for seed in shared}


def _repeated(one: Seeds, other: Seeds) -> Seeds:
    return dict.fromkeys(other, next(iter(one.values()))) if len(one) == 1 and len(other) > 1 else one
