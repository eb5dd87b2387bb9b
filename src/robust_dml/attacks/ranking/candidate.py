"""CA, candidate attack (Zhou et al., ECCV 2020): a perturbed gallery item moves in the rankings of some queries.

The attacked image x is a candidate; `chosen` are queries, here items of the gallery. CA+ wants x to come first, CA- to
come last.
"""

from __future__ import annotations

from robust_dml.attacks.ranking.measures import Measure, pairwise, to_chosen
from robust_dml.runtime.lazy import Tensor

Sign = int
"""1 raises an item in a ranking, -1 lowers it."""


def candidate_loss(x: Tensor, chosen: Tensor, gallery: Tensor, sign: Sign, measure: Measure = "euclidean") -> Tensor:
    """Return the mean over queries `chosen` (B, W, d) and gallery (N, d) of the violated wanted orders (B,)."""
    mine = to_chosen(x, chosen, measure)[:, :, None]
    return (sign * (mine - _of_queries(chosen, gallery, measure))).clamp(min=0).mean((1, 2))


def candidate_distance_loss(x: Tensor, chosen: Tensor, sign: Sign, measure: Measure = "euclidean") -> Tensor:
    """Return the signed mean distance (B,) to the queries, the simpler loss of the released code."""
    return sign * to_chosen(x, chosen, measure).mean(1)


def candidate_rank(x: Tensor, chosen: Tensor, gallery: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return the mean number (B,) of gallery items that are nearer to the queries than x is."""
    mine = to_chosen(x, chosen, measure)[:, :, None]
    return (_of_queries(chosen, gallery, measure) < mine).sum(2).to(x.dtype).mean(1)


def _of_queries(chosen: Tensor, gallery: Tensor, measure: Measure) -> Tensor:
    """Return the distances (B, W, N) of the queries (B, W, d) to the gallery."""
    return pairwise(chosen.flatten(0, 1), gallery, measure).view(*chosen.shape[:2], -1)
