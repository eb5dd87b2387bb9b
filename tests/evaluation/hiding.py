"""A plain network, and stand-ins for defences that only hide its gradients: backbones of a study, by MODULE:NAME."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Plain(nn.Module):
    """(B, 3, 8, 8) in [0, 1] -> unit vectors; `before` and `after` change pixels and features."""

    def __init__(
        self,
        embedding: int,
        before: Callable[[Tensor], Tensor] = lambda x: x,
        after: Callable[[Tensor], Tensor] = lambda z: z,
    ) -> None:
        super().__init__()
        self.before, self.after = before, after
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(192, 64), nn.ReLU(), nn.Linear(64, embedding))

    def forward(self, images: Tensor) -> Tensor:
        features = self.layers(self.before(images) - 0.5)
        return nn.functional.normalize(self.after(features))


def plain(embedding: int) -> nn.Module:
    return Plain(embedding)


def quantised(embedding: int) -> nn.Module:
    """Eight levels of grey: the gradient is zero everywhere."""
    return Plain(embedding, before=lambda x: (x * 8).round() / 8)


def saturated(embedding: int) -> nn.Module:
    """A head so steep that each feature is one of two values."""
    return Plain(embedding, after=lambda z: torch.tanh(1e6 * z))


def random(embedding: int) -> nn.Module:
    """Noise on every pixel at test time."""
    return Plain(embedding, before=lambda x: x + 0.2 * torch.randn_like(x))


def of_its_batch(embedding: int) -> nn.Module:
    """Features are normalised by the statistics of the batch, as BatchNorm does in train mode."""
    return Plain(embedding, after=lambda z: (z - z.mean(0)) / (z.std(0, correction=0) + 1e-6))
