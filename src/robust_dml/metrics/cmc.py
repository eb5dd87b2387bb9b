"""The cumulative matching characteristic of re-identification, as open-metric-learning names it.

Source: Gray, Brennan and Tao, "Evaluating appearance models for recognition, reacquisition, and tracking" (2007). With
several right gallery items per query it is recall@k at the ranks that re-identification reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from robust_dml.records import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.retrieval.ranking import Ranking

RANKS = (1, 5, 10, 20)


def cmc(ranking: Ranking) -> Mapping[str, Tensor]:
    """Return for each rank k whether the first right neighbour of a query is among the first k, float64 (Q,)."""
    hits = ranking.hits.double()
    return {f"cmc@{k}": hits[:, :k].amax(1) for k in RANKS}


ENTRY = Metric(
    summary="cumulative matching characteristic at the ranks 1, 5, 10 and 20",
    labels={f"cmc@{k}": f"CMC@{k}" for k in RANKS},
    of_ranking=cmc,
    depth=max(RANKS),
)
