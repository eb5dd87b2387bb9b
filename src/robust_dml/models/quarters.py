"""Pooling of the small network: the means over the quarters of an image."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d


class Quarters(nn.Module):
    """The means over the four quarters of each map: (B, C, H, W) -> (B, 4 C).

    The windows are those of AdaptiveAvgPool2d(2), whose gradient on a GPU differs from run to run.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the means of the quarters, those of one channel next to each other."""
        height, width = x.shape[2:]
        if height == width == 2:  # they are the maps themselves, and their gradient costs nothing
            return x.flatten(1)
        x = x.expand(-1, -1, max(2, height), max(2, width))  # one pixel is both halves
        window, stride = ((height + 1) // 2, (width + 1) // 2), (max(1, height // 2), max(1, width // 2))
        return avg_pool2d(x, window, stride).flatten(1)
