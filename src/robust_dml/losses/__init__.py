"""Losses, one file each: a scalar of the embeddings, labels and tuples of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.config.training import LossConfig
    from robust_dml.miners.triplets import Triplets


class LossFunction(Protocol):
    """What training minimises."""

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """Return the loss of tuples of embeddings (B, d) with labels (B,), a scalar."""


def build_loss(config: LossConfig) -> LossFunction:
    """Return the loss that a study names. Raises UserError if a loss of the library refuses its options."""
    return cast(LossFunction, config.record.build(config.options))
