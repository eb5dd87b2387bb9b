"""Intervals of a difference and of a ratio, recovered from the intervals of their two parts.

The method of variance estimates recovery (MOVER) takes what an end of an interval says about the variance near that
end, so asymmetric intervals of shares near 0 and 1 keep their shape. The parts are taken as independent. Where they
rise and fall together, as two models on the same queries do, the intervals are too wide rather than too narrow.
"""

from __future__ import annotations

import math

from robust_dml.statistics.interval import Interval


def difference_interval(of: Interval, to: Interval) -> Interval:
    """Return the interval of `of` - `to` (Newcombe, Statistics in Medicine 17, 1998, method 10).

    Where the outcomes of single queries are known, `paired_difference` is narrower.
    """
    difference = of.estimate - to.estimate
    low = difference - math.hypot(of.estimate - of.low, to.high - to.estimate)
    high = difference + math.hypot(of.high - of.estimate, to.estimate - to.low)
    return Interval(difference, low, high, of.level)


def ratio_interval(of: Interval, to: Interval) -> Interval:
    """Return the interval of `of` / `to`, of parts that are not negative.

    Source: Donner & Zou, Statistical Methods in Medical Research 21, 2012.
    The ratio of a positive number to 0 is infinite, with a finite lower end; that of 0 to 0 is 1, and may be anything.
    """
    if of.estimate == to.estimate == 0:
        return Interval(1.0, 0.0, math.inf, of.level)
    estimate = of.estimate / to.estimate if to.estimate else math.inf
    product = of.estimate * to.estimate
    lower = of.low * (2 * of.estimate - of.low)
    below = product + math.sqrt(max(0.0, product**2 - lower * to.high * (2 * to.estimate - to.high)))
    upper = of.high * (2 * of.estimate - of.high)
    least = to.low * (2 * to.estimate - to.low)
    above = product + math.sqrt(max(0.0, product**2 - upper * least))
    return Interval(estimate, lower / below if lower else 0.0, above / least if least > 0 else math.inf, of.level)
