"""Defences whose slot is the whole batch: each image moves alone, and tuples are mined afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.training.defence import distance_of, unit
from robust_dml.training.inner import perturb

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep

NOISE = 1e-7  # which the released code adds to the target of the first step, times -1, 0 or 1


def shift_away(step: TrainingStep, images: Tensor, as_released: bool) -> Tensor:
    """Return images (P, 3, H, W) moved away from their own clean embeddings (ECCV 2020, embedding shift).

    They begin at a random point of the ball, since the gradient at the clean image is zero. As released, they begin at
    the clean image: 1e-6 in torch's distance, and noise of 1e-7 on the target of the first step, give it a gradient.
    """
    clean, measure = unit(step.embed_fixed(images)), distance_of(as_released)

    def nearness(embeddings: Tensor) -> Tensor:
        return -measure(unit(embeddings), clean).sum()

    if not as_released:
        return perturb(step, images, nearness, random_start=True)
    noisy = clean + NOISE * signs(step, clean)
    return perturb(step, images, nearness, first=lambda embeddings: -measure(unit(embeddings), noisy).sum())


def signs(step: TrainingStep, like: Tensor) -> Tensor:
    """Return -1, 0 or 1 for each component of `like` (P, d)."""
    return torch.randint(-1, 2, like.shape, generator=step.generator("signs")).to(like)


def adversarial_batch_loss(step: TrainingStep, images: Tensor) -> Tensor:
    """Return the study's loss of tuples that are mined on moved images (B, 3, H, W) of the batch."""
    embeddings = step.embed(images)
    return step.loss(embeddings, step.labels, step.mine(embeddings))
