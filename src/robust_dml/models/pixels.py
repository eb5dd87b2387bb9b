"""Pixels as an embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn

TINY = 1e-12  # of the norm of an image without contrast, which keeps the length zero


class Pixels(nn.Module):
    """Flatten images (B, 3, H, W) to (B, 3 H W), as they are or without mean and contrast."""

    def __init__(self, *, remove_contrast: bool) -> None:
        super().__init__()
        self.remove_contrast = remove_contrast
        self.register_buffer("scale", torch.ones(()))  # a file of weights needs at least one tensor

    def forward(self, images: Tensor) -> Tensor:
        """Embed images; of unit length if mean and contrast are removed."""
        pixels = images.flatten(1)
        if not self.remove_contrast:
            return pixels
        centred = pixels - pixels.mean(1, keepdim=True)
        unit: Tensor = centred / centred.norm(dim=1, keepdim=True).clamp_min(TINY)
        return unit
