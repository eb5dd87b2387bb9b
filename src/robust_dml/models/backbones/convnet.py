"""A small convolutional network for images of 8 to 64 pixels: 3x3 convolutions, ReLU, mean over each quarter."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from robust_dml.config.training import BackboneConfig
from robust_dml.models.head import with_head


def convnet(config: BackboneConfig) -> nn.Module:
    """One stage per entry of `widths`, each halving the resolution; linear head.

    The mean is taken over the four quarters of the image, not over all of it: without a trace of where things are, the
    robust training of so small a network maps every image to one point.
    """
    channels = [3, *config.widths]
    stages: list[nn.Module] = []
    for inputs, outputs in pairwise(channels):
        stages += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU(inplace=True)]
    trunk = nn.Sequential(*stages, Quarters())
    return with_head(trunk, 4 * channels[-1], config.embedding)


class Quarters(nn.Module):
    """The means over the four quarters of each map: (B, C, H, W) -> (B, 4 C).

    The windows of AdaptiveAvgPool2d(2), whose gradient on a GPU is not the same at each run.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Means of the quarters, those of a channel side by side."""
        height, width = x.shape[2:]
        if height == width == 2:  # they are the maps themselves, and their gradient costs nothing
            return x.flatten(1)
        x = x.expand(-1, -1, max(2, height), max(2, width))  # one pixel is both halves
        window, stride = ((height + 1) // 2, (width + 1) // 2), (max(1, height // 2), max(1, width // 2))
        return avg_pool2d(x, window, stride).flatten(1)
