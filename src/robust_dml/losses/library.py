"""Any loss of pytorch-metric-learning without weights of its own, by its class name.

multi-similarity: {kind: MultiSimilarityLoss, alpha: 2.0, beta: 50.0}
"""

from __future__ import annotations

from typing import cast

from robust_dml.miners.triplets import Triplets
from robust_dml.records import Loss
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor
from robust_dml.runtime.library_options import find_library_class, given, library_options
from robust_dml.runtime.options import Options


def find(name: str) -> Loss | None:
    """Return the record of a loss of the library, read from its sources; None if it has no such loss.

    Raises UserError for a loss that trains weights of its own.
    """
    source = find_library_class("losses", name, "BaseMetricLossFunction")
    if source is None:
        return None
    if source.assigns("Parameter"):
        raise UserError(_own_weights(name))
    return Loss(
        label=name,
        summary=f"pytorch_metric_learning.losses.{name}",
        options=library_options(source),
        build=lambda options: LibraryLoss(name, options),
    )


class LibraryLoss:
    """A loss of the library, given the mined tuples."""

    def __init__(self, name: str, options: Options) -> None:
        """Make the library's loss. Raises UserError if the library refuses the options."""
        from pytorch_metric_learning import losses

        try:
            self.loss = getattr(losses, name)(**given(options))
        except (TypeError, ValueError, AssertionError) as error:
            raise UserError(f"loss {name}: the library refuses its options: {' '.join(str(error).split())}") from error
        if list(self.loss.parameters()):
            raise UserError(_own_weights(name))

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """Return the loss of tuples of embeddings (B, d) with labels (B,), a scalar."""
        return cast(Tensor, self.loss(embeddings, labels, tuple(triplets)))


def _own_weights(name: str) -> str:
    return f"{name} trains weights of its own; only losses without weights can be named"
