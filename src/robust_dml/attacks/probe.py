"""Evaluate the objective of a model and its gradient with respect to the pixels."""

from __future__ import annotations

from typing import NamedTuple

from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.objectives import Function
from robust_dml.runtime.lazy import Tensor, torch


class Probe(NamedTuple):
    """The results of one forward and backward pass, detached."""

    embeddings: Tensor
    values: Tensor
    gradient: Tensor


def probe(embed: Embed, images: Tensor, objective: Function) -> Probe:
    """Return embeddings (B, d), objective (B,) and its gradient (B, ...) at `images` (B, ...)."""
    images = images.detach().requires_grad_()
    with torch.enable_grad():
        embeddings = embed(images)
        values = objective(embeddings)
        # The sum leaves each sample's gradient its own, whatever the batch it happens to be in.
        (gradient,) = torch.autograd.grad(values.sum(), images)
    return Probe(embeddings.detach(), values.detach(), gradient)


def without_gradient(embed: Embed, images: Tensor, objective: Function) -> Tensor:
    """Return True (B,) where the gradient at `images` is zero or not finite, so that no first-order step exists."""
    gradient = probe(embed, images, objective).gradient.flatten(1)
    return (gradient == 0).all(1) | ~torch.isfinite(gradient).all(1)
