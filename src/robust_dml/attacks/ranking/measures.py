"""The distance by which a ranking orders its items."""

from __future__ import annotations

from typing import Literal

from robust_dml.runtime.lazy import Tensor, torch

Measure = Literal["euclidean", "cosine"]


def pairwise(a: Tensor, b: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return the distances (..., B, N) of unit embeddings (..., B, d) to (..., N, d).

    The Euclidean one comes from a product in float64, which for thousands of dimensions is five times faster than the
    differences and as exact; its gradient is 0 at distance 0.
    """
    if measure == "cosine":
        return 1 - a @ b.mT
    return torch.cdist(a.double(), b.double(), compute_mode="use_mm_for_euclid_dist").to(a.dtype)


def to_chosen(x: Tensor, chosen: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return the distances (B, M) of embeddings (B, d) to M items each (B, M, d)."""
    return pairwise(x[:, None], chosen, measure)[:, 0]


def to_one(a: Tensor, b: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return the distances (B,) of embeddings (B, d) to one item each (B, d), as torch computes them.

    The Euclidean one adds 1e-6 to each component of the difference.
    """
    functional = torch.nn.functional
    return 1 - functional.cosine_similarity(a, b) if measure == "cosine" else functional.pairwise_distance(a, b)
