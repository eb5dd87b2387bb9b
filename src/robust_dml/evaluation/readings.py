"""What a threat is found to do to one model: one number a reading."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One number of a threat, under one setting at one level."""

    setting: str
    """What was done, such as "gaussian noise" or "adversarial hub"."""
    level: float
    """How strongly: a radius in pixels of [0, 1], or a severity; 0 for nothing."""
    metric: str
    value: float
    low: float | None = None
    """The 95 % interval over queries, clustered by class; None for a number that is no mean over queries."""
    high: float | None = None
