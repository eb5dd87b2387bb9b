"""One tuple an anchor, by how hard its negative may be: the strategies of released robust metric learning (robrank).

A strategy is a boolean matrix of the negatives that each anchor may draw; the draw is uniform. An anchor without such a
negative draws any item of another class. Distances are Euclidean, between embeddings on the unit sphere.
"""

from __future__ import annotations

from typing import Literal

from robust_dml.miners.triplets import Triplets
from robust_dml.runtime.lazy import Tensor, torch

Strategy = Literal["random", "semihard", "softhard", "distance", "hard"]


def draw_triplets(
    strategy: Strategy,
    embeddings: Tensor,
    labels: Tensor,
    generator: torch.Generator,
    *,
    margin: float = 0.2,
    pairs: bool = False,
    as_released: bool = False,
) -> Triplets:
    """Return one tuple for each anchor of embeddings (B, d) with labels (B,).

    Args:
        generator: on the CPU.
        margin: of semihard negatives.
        pairs: anchors are the even rows and positives the rows after them, as in batches of the released code, rather
            than every row with a positive drawn from its class.
        as_released: a softhard positive may be the anchor itself, and an anchor whose weights of distance all vanish
            may draw any item.
    """
    distances, same = distances_of(embeddings), labels[:, None] == labels
    anchor, positive = first_positives(same, generator, pairs)
    if strategy == "softhard":
        negative = _draw(softhard_negatives(distances, same)[anchor], ~same[anchor], generator)
        allowed = softhard_positives(distances, same)[anchor]
        others = same if as_released else _without_self(same)
        positive = _draw(allowed, others[anchor], generator)
    elif strategy == "distance":
        weights = inverse_density(distances, same, embeddings.shape[1])[anchor]
        everything = torch.ones_like(same) if as_released else ~same
        negative = _draw(weights, everything[anchor], generator)
    elif strategy == "hard":
        negative = distances.masked_fill(same, torch.inf)[anchor].argmin(1)
    elif strategy == "semihard":
        allowed = semihard_negatives(distances, same, anchor, positive, margin)
        negative = _draw(allowed, ~same[anchor], generator)
    else:
        negative = _draw(~same[anchor], ~same[anchor], generator)
    return Triplets(anchor, positive, negative)


def distances_of(embeddings: Tensor) -> Tensor:
    """Return the distances (B, B) between embeddings (B, d) on the unit sphere, without gradient."""
    exact = torch.nn.functional.normalize(embeddings.detach().double())
    return torch.cdist(exact, exact, compute_mode="donot_use_mm_for_euclid_dist")


def first_positives(same: Tensor, generator: torch.Generator, pairs: bool) -> tuple[Tensor, Tensor]:
    """Return anchors and one positive of each; anchors without a positive or without a negative are left out."""
    others = _without_self(same)
    if pairs:
        anchor = torch.arange(0, len(same) - 1, 2, device=same.device)
        anchor = anchor[same[anchor, anchor + 1] & ~same[anchor].all(1)]
        return anchor, anchor + 1
    anchor = (others.any(1) & ~same.all(1)).nonzero().flatten()
    return anchor, _draw(others[anchor], others[anchor], generator)


def semihard_negatives(distances: Tensor, same: Tensor, anchor: Tensor, positive: Tensor, margin: float) -> Tensor:
    """Return the negatives (T, B) that are farther than the positive by less than `margin`."""
    to_positive = distances[anchor, positive][:, None]
    return ~same[anchor] & (distances[anchor] > to_positive) & (to_positive - distances[anchor] + margin > 0)


def softhard_negatives(distances: Tensor, same: Tensor) -> Tensor:
    """Return the negatives (B, B) that are nearer than the farthest item of the anchor's class."""
    return ~same & (distances < distances.masked_fill(~same, -torch.inf).amax(1, keepdim=True))


def softhard_positives(distances: Tensor, same: Tensor) -> Tensor:
    """Return the positives (B, B) that are farther than the nearest negative of the anchor."""
    return same & (distances > distances.masked_fill(same, torch.inf).amin(1, keepdim=True))


def inverse_density(distances: Tensor, same: Tensor, dimension: int) -> Tensor:
    """Return weights (B, B), at most 1, of negatives as if distances were uniform, without cutoffs (Wu et al. 2017)."""
    d = float(dimension)
    log_weights = (2 - d) * distances.log() - (d - 3) / 2 * (1 - distances.square() / 4).log()
    log_weights = log_weights.masked_fill(same, 0)
    weights = (log_weights - log_weights.amax(1, keepdim=True)).exp()
    return torch.nan_to_num(weights, nan=0.0).masked_fill(same, 0)


def _draw(weights: Tensor, otherwise: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one column of each row in proportion to `weights` (T, B), or to `otherwise` where they are all zero."""
    chances = torch.where(weights.any(1, keepdim=True), weights.double(), otherwise.double())
    if len(chances) == 0:
        return torch.zeros(0, dtype=torch.int64, device=weights.device)
    return torch.multinomial(chances.cpu(), 1, generator=generator).flatten().to(weights.device)


def _without_self(same: Tensor) -> Tensor:
    return same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
