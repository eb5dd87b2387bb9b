"""Guides of an image: other images whose embeddings an attack pushes it from or pulls it to (Bouniot et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.section import Integer
from robust_dml.training.defence import DefenceOptions

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


class GuideOptions(DefenceOptions):
    """The settings of attacks with guides."""

    guides: Integer = Field(4, ge=1, le=1_000, description="images of the class, drawn from the batch, to be left")


def same_class_guides(step: TrainingStep, count: int, *, self_too: bool) -> Tensor:
    """Return rows (count, B) of the batch: for each image some of its class, drawn with replacement.

    An image itself is drawn if `self_too`, or if it is alone.
    """
    same = (step.labels[:, None] == step.labels).cpu()
    others = same & ~torch.eye(len(same), dtype=torch.bool)
    allowed = same if self_too else torch.where(others.any(1, keepdim=True), others, same)
    drawn = torch.multinomial(allowed.double(), count, replacement=True, generator=step.generator("guides"))
    return drawn.T.to(step.labels.device)


def farthest(step: TrainingStep, clean: Tensor, *, any_class: bool) -> Tensor:
    """Return, for each image, the row (B,) of the batch whose clean embedding (B, d) is farthest, of another class."""
    distances = torch.cdist(clean, clean)
    same = step.labels[:, None] == step.labels
    return (distances if any_class else distances.masked_fill(same, -1)).argmax(1)


def spread(embeddings: Tensor, references: Tensor) -> Tensor:
    """Return the sum of squared differences between embeddings (B, d) and references (..., B, d)."""
    return (embeddings - references).square().sum()
