"""Recall@k: the share of queries with an item of their class among the k nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from robust_dml.records import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.retrieval.ranking import Ranking

RANKS = (1, 2, 4, 8)


def recall(ranking: Ranking) -> Mapping[str, Tensor]:
    """Return for each k whether any of a query's k nearest neighbours has its label, float64 (Q,)."""
    hits = ranking.hits.double()
    return {f"recall@{k}": hits[:, :k].amax(1) for k in RANKS}


ENTRY = Metric(summary="recall@1, 2, 4 and 8", labels={f"recall@{k}": f"R@{k}" for k in RANKS}, of_ranking=recall)
