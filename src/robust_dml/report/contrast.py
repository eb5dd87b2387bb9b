"""Compares two results on the same queries and seeds, and says whether their difference is resolved."""

from __future__ import annotations

from dataclasses import dataclass

from robust_dml.report.samples import Sample, alike
from robust_dml.report.seeds import Seeds
from robust_dml.statistics import Difference, Interval, paired_difference, seed_interval


@dataclass(frozen=True)
class Contrast:
    """The difference in recall of two results, a share in [-1, 1], with its two sources of variance kept apart."""

    queries: Difference
    """With its interval over queries, clustered by class; the seeds are held fixed."""
    seeds: Seeds
    """The difference of each seed."""

    @property
    def interval(self) -> Interval:
        """The difference with its interval over queries."""
        return Interval(self.queries.difference, self.queries.low, self.queries.high, self.queries.level)

    @property
    def over_seeds(self) -> Interval | None:
        """The interval over training seeds; None for one seed, whose variance is unknown."""
        return seed_interval(list(self.seeds.values()), within=(-1.0, 1.0))

    @property
    def resolved(self) -> bool:
        """Whether the interval over queries excludes 0, and so does the one over seeds if there is one."""
        seeds = self.over_seeds
        return self.queries.resolved and (seeds is None or not seeds.contains(0.0))


def contrast(of: Sample | None, to: Sample | None) -> Contrast | None:
    """Return recall of `of` minus that of `to`, paired by query and seed; None if they share no query or no seed."""
    shared = alike(of, to) if of and to else None
    if shared is None:
        return None
    first, second = shared
    each = first.right.mean(axis=1) - second.right.mean(axis=1)
    seeds = {seed: float(value) for seed, value in zip(first.seeds, each, strict=True)}
    return Contrast(paired_difference(first.right, second.right, first.classes), seeds)
