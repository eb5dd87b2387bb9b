"""The 95 % interval of each metric over the queries of one model, which are clustered by class."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from torch import Tensor

from robust_dml.metrics import query_values
from robust_dml.retrieval.ranking import Ranking
from robust_dml.statistics import mean_interval


def query_intervals(ranking: Ranking, labels: Tensor, names: Iterable[str]) -> dict[str, list[float]]:
    """Return low and high of the mean over the scored queries of each metric, by name; labels are (Q,).

    The interval is that of sampling queries of sampled classes; the variance over training seeds is not part of it.
    A metric with values outside [0, 1] has none.
    """
    classes = labels[ranking.scored].cpu().numpy()
    found = {}
    for name, values in query_values(ranking, names).items():
        each = values.cpu().numpy()
        if len(each) and bool(np.isfinite(each).all()) and each.min() >= 0 and each.max() <= 1:
            interval = mean_interval(each, classes)
            found[name] = [interval.low, interval.high]
    return found
