"""Random embeddings with labels and tuples, and the gradient of a loss."""

from __future__ import annotations

import torch
from torch import Tensor

from robust_dml.losses import LossFunction
from robust_dml.miners import Triplets


def random_tuples(seed: int, count: int = 40) -> tuple[Tensor, Tensor, Triplets]:
    """Embeddings (18, 6) of three classes, their labels, and tuples of them."""
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(18, 6, generator=generator, dtype=torch.float64)
    labels = torch.arange(18) % 3
    anchor = torch.randint(18, (count,), generator=generator)
    positive = (anchor + 3 * torch.randint(1, 6, (count,), generator=generator)) % 18
    negative = (anchor + 1 + 3 * torch.randint(6, (count,), generator=generator)) % 18
    return embeddings.requires_grad_(), labels, Triplets(anchor, positive, negative)


def value_and_gradient(
    loss: LossFunction, embeddings: Tensor, labels: Tensor, triplets: Triplets
) -> tuple[Tensor, Tensor]:
    """The loss and its gradient in the embeddings."""
    value = loss(embeddings, labels, triplets)
    (gradient,) = torch.autograd.grad(value, embeddings)
    return value, gradient
