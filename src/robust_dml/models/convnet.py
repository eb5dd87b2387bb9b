"""A small convolutional network for images of 8 to 64 pixels: 3x3 convolutions, ReLU, mean over each quarter."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from robust_dml.config.training import BackboneConfig
from robust_dml.models.head import with_head


def convnet(config: BackboneConfig) -> nn.Module:
    """One stage per entry of `widths`, the first at full resolution, each further one halving it; linear head.

    The mean is taken over the four quarters of the image, not over all of it: without a trace of where things are, the
    robust training of so small a network maps every image to one point.
    """
    channels = [3, *config.widths]
    stages: list[nn.Module] = []
    for stage, (inputs, outputs) in enumerate(pairwise(channels)):
        stages += [nn.Conv2d(inputs, outputs, 3, stride=2 if stage else 1, padding=1), nn.ReLU()]
    trunk = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(2), nn.Flatten())
    return with_head(trunk, 4 * channels[-1], config.embedding)
