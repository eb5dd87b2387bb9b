"""Intervals, paired comparisons, and the samples that would resolve them, from stored per-query results."""

from robust_dml.statistics.bootstrap import bootstrap_interval
from robust_dml.statistics.interval import Interval
from robust_dml.statistics.intervals import mean_interval, share_interval
from robust_dml.statistics.mcnemar import mcnemar
from robust_dml.statistics.paired import Difference, paired_difference
from robust_dml.statistics.recovered import difference_interval, ratio_interval
from robust_dml.statistics.resolve import queries_to_clear, queries_to_resolve, seeds_to_resolve
from robust_dml.statistics.seeds import seed_interval, share_interval_over_seeds

__all__ = [
    "Difference",
    "Interval",
    "bootstrap_interval",
    "difference_interval",
    "mcnemar",
    "mean_interval",
    "paired_difference",
    "queries_to_clear",
    "queries_to_resolve",
    "ratio_interval",
    "seed_interval",
    "seeds_to_resolve",
    "share_interval",
    "share_interval_over_seeds",
]
