"""ES, embedding shift (ECCV 2020), and TMA, targeted mismatch (Tolias et al., ICCV 2019): where an embedding goes."""

from __future__ import annotations

from robust_dml.attacks.ranking.measures import Measure, to_one
from robust_dml.runtime.lazy import Tensor, torch

NOISE = 1e-7
"""What the released code adds to the target of the first step of ES, so that the distance is not zero."""


def shift_loss(x: Tensor, own: Tensor, measure: Measure = "euclidean") -> Tensor:
    """Return minus the distance (B,) to the image's own clean embedding (B, d)."""
    return -to_one(x, own, measure)


def mismatch_loss(x: Tensor, target: Tensor) -> Tensor:
    """Return 1 - cos (B,) to the embedding of another image (B, d)."""
    return 1 - torch.nn.functional.cosine_similarity(x, target)


def cosine(x: Tensor, target: Tensor) -> Tensor:
    """Return the score of TMA, the cosine (B,) to the target; lower is more robust."""
    return torch.nn.functional.cosine_similarity(x, target)
