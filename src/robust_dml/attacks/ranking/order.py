"""OA, relative order attack (Zhou et al., ICCV 2021): the candidates of a query come in another order."""

from __future__ import annotations

from robust_dml.attacks.ranking.measures import Measure, to_chosen, to_one
from robust_dml.runtime.lazy import Tensor, torch


def pair_order_loss(x: Tensor, wanted_first: Tensor, wanted_second: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return by how much (B,) the first of two items (B, d) is farther than the second (FOA2)."""
    return (to_one(x, wanted_first, measure) - to_one(x, wanted_second, measure)).clamp(min=0)


def pair_in_order(x: Tensor, wanted_first: Tensor, wanted_second: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return whether (B,) the first of two items is not farther than the second."""
    return to_one(x, wanted_first, measure) <= to_one(x, wanted_second, measure)


def order_loss(x: Tensor, wanted: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return the sum (B,) of the violated orders of items `wanted` (B, M, d), divided by M^2 (FOAX)."""
    distances = to_chosen(x, wanted, measure)
    violated = (distances[:, :, None] - distances[:, None, :]).clamp(min=0)
    return violated.triu(1).sum((1, 2)) / distances.shape[1] ** 2


def kendall_tau(x: Tensor, wanted: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return the rank correlation (B,) between the wanted order of items (B, M, d) and that of their distances."""
    distances = to_chosen(x, wanted, measure)
    signs = (distances[:, None, :] - distances[:, :, None]).sign()
    pairs = torch.ones_like(signs[0]).triu(1).sum()
    return signs.triu(1).sum((1, 2)) / pairs
