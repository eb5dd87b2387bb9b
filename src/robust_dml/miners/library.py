"""Any miner of pytorch-metric-learning, by its class name."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from robust_dml.miners.triplets import Triplets
from robust_dml.runtime.errors import UserError


class LibraryMiner:
    """Calls the library's miner; what it returns as pairs becomes triplets by the library's own rule."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        from pytorch_metric_learning import miners

        known = miners.__dict__.get(name)
        if not isinstance(known, type) or name.startswith("Base"):
            raise UserError(f"miner.kind: no such miner: {name}; see pytorch_metric_learning.miners for the names")
        try:
            self.mine = known(**options)
        except TypeError as error:
            raise UserError(f"miner.options: {name} does not take them: {error}") from error

    def __call__(self, embeddings: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
        """Mine embeddings (B, d) with labels (B,); the library's global draws are seeded from `generator`."""
        from pytorch_metric_learning.utils.loss_and_miner_utils import convert_to_triplets

        seed = int(torch.randint(2**62, (1,), generator=generator))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            found = self.mine(embeddings.detach(), labels)
            return Triplets(*convert_to_triplets(found, labels, t_per_anchor="all"))
