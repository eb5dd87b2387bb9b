"""Which of a query's neighbours are right, query by query."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

RECALL_RANKS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Ranking:
    """The neighbours of each query and what they are worth."""

    positions: Tensor
    """int64 (Q, k), positions in the gallery, nearest first; -1 where there is none."""
    distances: Tensor
    """(Q, k), Euclidean."""
    hits: Tensor
    """bool (Q, k), neighbours with the query's label."""
    relevant: Tensor
    """int64 (Q,), R: items of the gallery with the query's label, the query itself not counted."""

    @property
    def scored(self) -> Tensor:
        """bool (Q,), queries with anything to find; the others are left out of every metric."""
        return self.relevant > 0

    @property
    def right(self) -> Tensor:
        """bool (Q,), the nearest neighbour has the query's label."""
        return self.hits[:, 0]

    def metrics(self) -> dict[str, float]:
        """Means over the scored queries: recall@1, 2, 4, 8, R-precision and mAP@R, as shares in [0, 1].

        mAP@R is (1 / R) times the sum, over the ranks i <= R that are right, of the precision among the first
        i (Musgrave et al., ECCV 2020, section 3.2).
        """
        hits, relevant = self.hits[self.scored].double(), self.relevant[self.scored].double()
        ranks = torch.arange(1, hits.shape[1] + 1, device=hits.device)
        within = hits * (ranks <= relevant[:, None])
        values = {f"recall@{k}": hits[:, :k].amax(1) for k in RECALL_RANKS}
        values["r-precision"] = within.sum(1) / relevant
        values["map@r"] = (within * hits.cumsum(1) / ranks).sum(1) / relevant
        return {name: float(value.mean()) if len(value) else 0.0 for name, value in values.items()}


def relevant_counts(query_labels: Tensor, gallery_labels: Tensor, own: Tensor) -> Tensor:
    """R (Q,): gallery items per query label, less one for queries that are themselves in the gallery (`own`)."""
    classes, counts = torch.unique(gallery_labels, return_counts=True)
    place = torch.searchsorted(classes, query_labels).clamp_max(len(classes) - 1)
    return torch.where(classes[place] == query_labels, counts[place], 0) - own.to(counts.dtype)
