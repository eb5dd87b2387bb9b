"""Which tuples of a batch the loss is taken over."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from robust_dml.config.training import MinerConfig
from robust_dml.miners.distance_weighted import DistanceWeightedMiner
from robust_dml.miners.library import LibraryMiner
from robust_dml.miners.triplets import Triplets, at_most_per_anchor
from robust_dml.runtime.errors import UserError

Miner = Callable[[Tensor, Tensor, torch.Generator], Triplets]

MINERS: dict[str, Callable[..., Miner]] = {
    "distance-weighted": DistanceWeightedMiner,
}


def build_miner(config: MinerConfig) -> Miner:
    """miner(embeddings (B, d), labels (B,), generator on the CPU) -> Triplets. Raises UserError if unknown."""
    if config.kind not in MINERS:
        return LibraryMiner(config.kind, config.options)
    try:
        return MINERS[config.kind](**config.options)
    except TypeError as error:
        raise UserError(f"miner.options: {config.kind} does not take them: {error}") from error


__all__ = ["MINERS", "Miner", "Triplets", "at_most_per_anchor", "build_miner"]
