"""A small convolutional network for images of 8 to 64 pixels: 3x3 convolutions, ReLU, mean over each quarter.

small: {kind: convnet, widths: [16, 32, 64], embedding: 64}
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import Field

from robust_dml.models.head import with_head
from robust_dml.records import Backbone
from robust_dml.runtime.lazy import torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    from robust_dml.config.training import BackboneConfig

Channels = Annotated[Integer, Field(gt=0, le=65536)]


class ConvnetOptions(Options):
    """The settings of the small network."""

    widths: list[Channels] = Field(
        [32, 64, 128], min_length=1, max_length=16, description="channels of its stages; each halves the resolution"
    )


def convnet(config: BackboneConfig) -> torch.nn.Module:
    """Return one stage per entry of `widths` and a linear head.

    The mean is taken over the four quarters of the image, not over all of it: without any information on where things
    are, the robust training of so small a network maps every image to one point.
    """
    from robust_dml.models.quarters import Quarters

    channels = [3, *_widths(config)]
    stages: list[torch.nn.Module] = []
    for inputs, outputs in pairwise(channels):
        stages += [torch.nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), torch.nn.ReLU(inplace=True)]
    return with_head(torch.nn.Sequential(*stages, Quarters()), 4 * channels[-1], config.embedding)


def convnet_gflop(config: BackboneConfig, size: int) -> float:
    """Return 10^9 operations of a forward pass at `size` pixels: the convolutions and the head."""
    widths = _widths(config)
    return 2e-9 * (convnet_macs(widths, size) + 4 * widths[-1] * config.embedding)


def convnet_macs(widths: list[int], size: int) -> int:
    """Return the multiply-adds of the 3x3 convolutions, each of which halves the resolution of `size` pixels."""
    macs = 0
    for inputs, outputs in pairwise([3, *widths]):
        size = (size + 1) // 2
        macs += 9 * inputs * outputs * size * size
    return macs


def _widths(config: BackboneConfig) -> list[int]:
    return cast(ConvnetOptions, config.options).widths


ENTRY = Backbone(
    label="small convolutional network",
    summary="for images of 8 to 64 pixels; `widths` are the channels of its stages",
    options=ConvnetOptions,
    build=convnet,
    gflop=convnet_gflop,
    small=True,
)
