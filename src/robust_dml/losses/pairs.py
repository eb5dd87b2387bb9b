"""What losses share: distances of pairs on the unit sphere, and the mean over non-zero terms."""

from __future__ import annotations

from robust_dml.runtime.lazy import Tensor, torch


def pair_distances(embeddings: Tensor, left: Tensor, right: Tensor, power: float = 1) -> Tensor:
    """Return Euclidean distances (T,) between rows `left` and `right`, to the given power; the gradient at 0 is 0."""
    distance: Tensor = torch.linalg.vector_norm(embeddings[left] - embeddings[right], dim=1)
    return distance if power == 1 else distance.pow(power)


def prepare(embeddings: Tensor, normalize_embeddings: bool) -> Tensor:
    """Return embeddings (B, d) in float32 or better, on the unit sphere if `normalize_embeddings`."""
    exact = embeddings if embeddings.dtype == torch.float64 else embeddings.float()
    return torch.nn.functional.normalize(exact) if normalize_embeddings else exact


def mean_of_non_zero(terms: Tensor) -> Tensor:
    """Return the mean over the terms above zero (AvgNonZeroReducer); 0, with zero gradient, if there is none."""
    return terms.sum() / (terms > 0).sum().clamp(min=1)
