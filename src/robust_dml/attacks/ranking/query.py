"""QA, query attack (Zhou et al., ECCV 2020): a perturbed query moves some candidates in its ranking.

QA+ wants the `chosen` candidates to come first, QA- to come last. SPQA preserves the semantics of the query: it also
holds items of its true ranking at the top, with a weight that grows as they leave.
"""

from __future__ import annotations

from robust_dml.attacks.ranking.candidate import Sign
from robust_dml.attacks.ranking.measures import Measure, pairwise, to_chosen
from robust_dml.runtime.lazy import Tensor

KAPPA = {"mnist": 2e4, "fashion": 4e4, "cub": 4e4, "cars": 7e4, "sop": 7e4}
LARGEST_WEIGHT = 1e9


def query_loss(x: Tensor, chosen: Tensor, gallery: Tensor, sign: Sign, measure: Measure = "euclidean") -> Tensor:
    """Return the mean over candidates `chosen` (B, M, d) and gallery (N, d) of the violated wanted orders (B,)."""
    to_candidates = to_chosen(x, chosen, measure)[:, :, None]
    to_all = pairwise(x, gallery, measure)[:, None, :]
    return (sign * (to_candidates - to_all)).clamp(min=0).mean((1, 2))


def query_distance_loss(x: Tensor, chosen: Tensor, sign: Sign, measure: Measure = "euclidean") -> Tensor:
    """Return the signed mean distance (B,) to the candidates, the simpler loss of the released code."""
    return sign * to_chosen(x, chosen, measure).mean(1)


def preserving_loss(
    x: Tensor, chosen: Tensor, kept: Tensor, gallery: Tensor, sign: Sign, *, weight: float | None, kappa: float = 4e4
) -> Tensor:
    """Return SPQA's loss (B,): QA's, and `weight` times that of keeping `kept` (B, S, d) first.

    Without `weight` it is `semantic_weight` of the present loss of the query's own kept items; the released code takes
    the mean over the batch.
    """
    held = query_loss(x, kept, gallery, 1)
    factor = semantic_weight(held.detach(), kappa) if weight is None else weight
    return query_loss(x, chosen, gallery, sign) + factor * held


def semantic_weight(loss: Tensor, kappa: float) -> Tensor:
    """Return min(exp(kappa * loss), 1e9), the weight of the kept items (released code, update_xi)."""
    return (kappa * loss).exp().clamp(max=LARGEST_WEIGHT)


def query_rank(x: Tensor, positions: Tensor, gallery: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return the mean zero-based rank (B,) of the candidates at `positions` (B, M) in the ranking of x."""
    distances = pairwise(x, gallery, measure)
    ranks = distances.argsort(1).argsort(1)
    return ranks.gather(1, positions).to(x.dtype).mean(1)
