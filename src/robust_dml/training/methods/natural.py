"""Natural training: the loss of the mined tuples."""

from __future__ import annotations

from torch import Tensor

from robust_dml.training.step import Step


def natural(step: Step) -> Tensor:
    """The loss of one step."""
    embeddings = step.embed(step.images)
    return step.loss(embeddings, step.labels, step.mine(embeddings))
