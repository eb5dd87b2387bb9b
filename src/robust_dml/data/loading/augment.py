"""Random training crops and flips, each a function of its image's seed alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from robust_dml.runtime.randomness import uniform

ATTEMPTS = 10
RATIO = (3 / 4, 4 / 3)


def training_boxes(seeds: Tensor, heights: Tensor, widths: Tensor, scale: tuple[float, float]) -> Tensor:
    """Draw crops of RandomResizedCrop for images of heights and widths (B,): top, left, height, width, int64 (B, 4).

    As in torchvision: ten draws of area and ratio, the first that fits, else the largest central crop with a ratio
    within 3/4 and 4/3. Row i is a function of seeds[i] and the size of image i alone.
    """
    draws = uniform(seeds, (ATTEMPTS, 4)).double()
    area = (heights * widths)[:, None] * (scale[0] + (scale[1] - scale[0]) * draws[..., 0])
    low, high = math.log(RATIO[0]), math.log(RATIO[1])
    ratio = torch.exp(low + (high - low) * draws[..., 1])
    tall = torch.round(torch.sqrt(area / ratio)).long()
    wide = torch.round(torch.sqrt(area * ratio)).long()
    fits = (tall > 0) & (tall <= heights[:, None]) & (wide > 0) & (wide <= widths[:, None])
    top = (draws[..., 2] * (heights[:, None] - tall + 1)).long()
    left = (draws[..., 3] * (widths[:, None] - wide + 1)).long()
    boxes = torch.stack([top, left, tall, wide], dim=-1)[torch.arange(len(seeds)), fits.int().argmax(dim=1)]
    return torch.where(fits.any(dim=1)[:, None], boxes, _central_boxes(heights, widths))


def training_flips(seeds: Tensor, probability: float) -> Tensor:
    """Draw which images are mirrored, bool (B,)."""
    return uniform(seeds, (1,), stream=1)[:, 0] < probability


def _central_boxes(heights: Tensor, widths: Tensor) -> Tensor:
    wide = torch.minimum(widths, torch.round(heights * RATIO[1]).long())
    tall = torch.minimum(heights, torch.round(widths / RATIO[0]).long())
    top = torch.div(heights - tall, 2, rounding_mode="floor")
    left = torch.div(widths - wide, 2, rounding_mode="floor")
    return torch.stack([top, left, tall, wide], dim=-1)
