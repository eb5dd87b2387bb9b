"""Any loss of pytorch-metric-learning without weights of its own, by its class name."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor

from robust_dml.miners.triplets import Triplets
from robust_dml.runtime.errors import UserError


class LibraryLoss:
    """Calls the library's loss with the mined tuples, in float32."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        from pytorch_metric_learning import losses

        known = losses.__dict__.get(name)
        if not isinstance(known, type) or name.startswith("Base"):
            raise UserError(f"loss.kind: no such loss: {name}; see pytorch_metric_learning.losses for the names")
        try:
            self.loss = known(**options)
        except TypeError as error:
            raise UserError(f"loss.options: {name} does not take them: {error}") from error
        if list(self.loss.parameters()):
            raise UserError(f"loss.kind: {name} trains weights of its own; only losses without weights can be named")

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """The loss of tuples of embeddings (B, d) with labels (B,), a scalar."""
        return cast(Tensor, self.loss(embeddings, labels, tuple(triplets)))
