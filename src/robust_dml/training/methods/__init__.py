"""Training methods, one file each: how a batch becomes a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

    from robust_dml.models.embedding import EmbeddingModel
    from robust_dml.runtime.options import Options
    from robust_dml.training.step import TrainingStep

FORWARD_AND_BACKWARD = 3
"""The cost of learning from an image, in forward passes: a backward pass counts two."""


class NoTuplesError(Exception):
    """A batch has no tuple; the step is counted and left out."""


class TrainingMethod(Protocol):
    """What a training does with its batches, and what it remembers from one to the next."""

    def prepare(self, model: EmbeddingModel, classes: int, seed: int) -> None:
        """Create what the method owns, on the model's device; called once, before the first step and before `load`.

        Random values must be functions of `seed`. The labels of all batches are below `classes`.
        """

    def loss(self, step: TrainingStep) -> Tensor:
        """Return the loss of a batch, a scalar that is differentiable in the weights. May raise NoTuplesError."""

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return weights of the method's own, by name, such as proxies; they are trained and saved."""

    def state(self) -> dict[str, Tensor]:
        """Return what the next step needs to know of those before, by name; it is saved with the training's state."""

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned. Raises KeyError if a name is missing."""


class PlainMethod:
    """A method without weights or memory of its own; one that has some overrides the functions that concern it."""

    def prepare(self, model: EmbeddingModel, classes: int, seed: int) -> None:
        """Do nothing."""

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return no weights."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """Return nothing to save."""
        return {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Do nothing."""


class _Function(PlainMethod):
    def __init__(self, function: Callable[..., Tensor], options: Options) -> None:
        self.function, self.options = function, options.model_dump()

    def loss(self, step: TrainingStep) -> Tensor:
        return self.function(step, **self.options)


def method_of_function(function: Callable[..., Tensor], options: Options) -> TrainingMethod:
    """Return the method whose loss is `function(step, **options)`."""
    return _Function(function, options)
