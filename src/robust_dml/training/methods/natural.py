"""Natural training: the loss of the mined tuples.

natural: {method: natural}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.records import Method
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.training.step import TrainingStep


def natural(step: TrainingStep) -> Tensor:
    """Return the loss of the tuples of a batch."""
    embeddings = step.embed(step.images)
    return step.loss(embeddings, step.labels, step.mine(embeddings))


ENTRY = Method(
    label="natural training",
    summary="the loss of the mined tuples",
    family="natural",
    build=lambda options: method_of_function(natural, options),
    passes=lambda config, attack: FORWARD_AND_BACKWARD,
)
