"""Miners, one file each: the tuples of a batch over which the loss is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from robust_dml.miners.triplets import Slot, Triplets, at_most_per_anchor, redirect

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from robust_dml.config.training import MinerConfig


class MinerFunction(Protocol):
    """How tuples are chosen."""

    def __call__(self, embeddings: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
        """Return tuples of embeddings (B, d) with labels (B,); random draws come from `generator`, on the CPU."""


def build_miner(config: MinerConfig) -> MinerFunction:
    """Return the miner that a study names. Raises UserError if a miner of the library refuses its options."""
    return cast(MinerFunction, config.record.build(config.options))


__all__ = ["MinerFunction", "Slot", "Triplets", "at_most_per_anchor", "build_miner", "redirect"]
