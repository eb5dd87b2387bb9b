"""What a threat is found to do to one model: one number a reading."""

from __future__ import annotations

from dataclasses import dataclass

from robust_dml.runtime.lazy import Tensor


@dataclass(frozen=True)
class Reading:
    """One number of a threat, under one setting at one level."""

    setting: str
    """What was done, such as "gaussian noise" or "adversarial hub"."""
    level: float
    """How strongly: a radius in pixels of [0, 1], an area or a severity; 0 for nothing."""
    metric: str
    value: float
    low: float | None = None
    """The 95 % interval over queries, clustered by class; None for a number that is no mean over queries."""
    high: float | None = None


def mean_reading(setting: str, level: float, metric: str, values: Tensor, labels: Tensor) -> Reading:
    """Return the mean of `values` (Q,) and its interval over queries of `labels` (Q,); 0 and no interval of none."""
    from robust_dml.evaluation.intervals import query_intervals

    if len(values) == 0:
        return Reading(setting, float(level), metric, 0.0)
    values = values.double()
    low, high = query_intervals({metric: values}, labels)[metric]
    return Reading(setting, float(level), metric, float(values.mean()), low, high)
