"""What a batch costs: a scalar of embeddings, labels and tuples."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from robust_dml.config.training import LossConfig
from robust_dml.losses.contrastive import ContrastiveLoss
from robust_dml.losses.library import LibraryLoss
from robust_dml.losses.triplet import TripletLoss
from robust_dml.miners.triplets import Triplets
from robust_dml.runtime.errors import UserError

Loss = Callable[[Tensor, Tensor, Triplets], Tensor]

LOSSES: dict[str, Callable[..., Loss]] = {
    "contrastive": ContrastiveLoss,
    "triplet": TripletLoss,
}


def build_loss(config: LossConfig) -> Loss:
    """loss(embeddings (B, d), labels (B,), triplets) -> scalar. Raises UserError for an unknown loss or option."""
    if config.kind not in LOSSES:
        return LibraryLoss(config.kind, config.options)
    try:
        return LOSSES[config.kind](**config.options)
    except TypeError as error:
        raise UserError(f"loss.options: {config.kind} does not take them: {error}") from error


__all__ = ["LOSSES", "Loss", "build_loss"]
