"""Small embedding networks with fixed random weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Small(nn.Module):
    """(B, 3, H, W) in [0, 1] -> unit vectors (B, 8); batch norm and dropout tell a wrong mode."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 12, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(48, 8),
        )

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.normalize(self.features(images))


def small(seed: int = 0, dtype: torch.dtype = torch.float64) -> Small:
    torch.manual_seed(seed)
    return Small().to(dtype).eval()


def images(count: int = 6, size: int = 12, seed: int = 1, dtype: torch.dtype = torch.float64) -> Tensor:
    """Random images, some of whose pixels are exactly 0 or 1."""
    draws = torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return (1.2 * draws - 0.1).clamp(0, 1)
