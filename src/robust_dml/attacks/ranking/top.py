"""LTM, GTM (CVPR 2022) and GTT (after QAIR): who comes first in the ranking of a perturbed query.

LTM learns to top-match any item of another class; GTM greedily the closest one; GTT drives the clean first item out of
the top 4. Their score is recall@1, of GTT the share of queries whose first item stays in the top 4.
"""

from __future__ import annotations

from robust_dml.attacks.ranking.measures import Measure, pairwise, to_one
from robust_dml.attacks.ranking.query import query_loss
from robust_dml.runtime.lazy import Tensor, torch

TOP = 4


def top_match_loss(x: Tensor, gallery: Tensor, same: Tensor, own: Tensor | None) -> Tensor:
    """Return LTM's loss (B,): by how much the FARTHEST item of another class is farther than the nearest of its own.

    Args:
        same: (B, N), whether an item is of the query's class.
        own: (B,) positions of the queries in the gallery, which are left out; None to leave them in, as the released
            code does: it throws the masked distances away.
    """
    distances = pairwise(x, gallery)
    positives = same if own is None else same.scatter(1, own[:, None], False)
    farthest = distances.masked_fill(same, -torch.inf).amax(1)
    nearest = distances.masked_fill(~positives, torch.inf).amin(1)
    return (farthest - nearest).clamp(min=0)


def greedy_match_loss(x: Tensor, wanted: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return GTM's loss (B,): the distance to the wanted item of another class (B, d)."""
    return to_one(x, wanted, measure)


def dethrone_loss(x: Tensor, first: Tensor, gallery: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return GTT's loss (B,): QA- of the clean first item (B, d)."""
    return query_loss(x, first[:, None], gallery, -1, measure)


def first_is_right(x: Tensor, gallery: Tensor, same: Tensor, own: Tensor) -> Tensor:
    """Return whether (B,) the nearest item is of the query's class, the query's own position left out."""
    nearest = pairwise(x, gallery).scatter(1, own[:, None], torch.inf).argmin(1)
    return same.gather(1, nearest[:, None])[:, 0]


def still_in_top(x: Tensor, gallery: Tensor, first: Tensor, own: Tensor, count: int = TOP) -> Tensor:
    """Return whether (B,) the item at `first` (B,) is among the nearest `count`, the query's own position left out."""
    distances = pairwise(x, gallery).scatter(1, own[:, None], torch.inf)
    return (distances < distances.gather(1, first[:, None])).sum(1) < count
