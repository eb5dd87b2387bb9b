"""The 95 % interval of each metric over the queries of one model, which are clustered by class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from robust_dml.statistics import mean_interval


def query_intervals(values: Mapping[str, Tensor], labels: Tensor) -> dict[str, list[float]]:
    """Return low and high of the mean over queries of each metric, from values (S,) by name; labels are (S,).

    The interval is that of sampling queries of sampled classes; the variance over training seeds is not part of it.
    A metric with values outside [0, 1] has none.
    """
    classes = labels.cpu().numpy()
    found = {}
    for name, value in values.items():
        each = value.cpu().numpy()
        if len(each) and bool(np.isfinite(each).all()) and each.min() >= 0 and each.max() <= 1:
            interval = mean_interval(each, classes)
            found[name] = [interval.low, interval.high]
    return found
