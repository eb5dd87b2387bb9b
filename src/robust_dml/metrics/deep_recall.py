"""Recall@k at the larger k that In-Shop Clothes and Stanford Online Products report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from robust_dml.records import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.retrieval.ranking import Ranking

RANKS = (10, 20, 30, 40, 50, 100)


def deep_recall(ranking: Ranking) -> Mapping[str, Tensor]:
    """Return for each k whether any of a query's k nearest neighbours has its label, float64 (Q,)."""
    hits = ranking.hits.double()
    return {f"recall@{k}": hits[:, :k].amax(1) for k in RANKS}


ENTRY = Metric(
    summary="recall@10, 20, 30, 40, 50 and 100",
    labels={f"recall@{k}": f"R@{k}" for k in RANKS},
    of_ranking=deep_recall,
    depth=max(RANKS),
)
