"""mAP@R: mean average precision at R (Musgrave et al., ECCV 2020, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from robust_dml.records import Metric
from robust_dml.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.retrieval.ranking import Ranking


def map_at_r(ranking: Ranking) -> Mapping[str, Tensor]:
    """Return (1 / R) times the sum, over the ranks i <= R that are right, of the precision among the first i (Q,)."""
    hits = ranking.hits.double()
    ranks = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    within = hits * (ranks <= ranking.relevant[:, None])
    return {"map@r": (within * hits.cumsum(1) / ranks).sum(1) / ranking.relevant}


ENTRY = Metric(summary="mean average precision at R", labels={"map@r": "mAP@R"}, of_ranking=map_at_r)
