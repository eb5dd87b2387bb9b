"""R-precision: the share of a query's R nearest neighbours that have its class, R being the size of its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from robust_dml.records import Metric
from robust_dml.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.retrieval.ranking import Ranking


def r_precision(ranking: Ranking) -> Mapping[str, Tensor]:
    """Return the precision among the first R neighbours of each query, float64 (Q,)."""
    ranks = torch.arange(1, ranking.hits.shape[1] + 1, device=ranking.hits.device)
    within = ranking.hits.double() * (ranks <= ranking.relevant[:, None])
    return {"r-precision": within.sum(1) / ranking.relevant}


ENTRY = Metric(
    summary="precision among the R nearest neighbours", labels={"r-precision": "R-precision"}, of_ranking=r_precision
)
