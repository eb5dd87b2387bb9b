"""The pixels themselves as an embedding: the reference that every trained network should beat.

models: {pixels: {kind: pixels, normalize_embedding: false}, contrast: {kind: pixels, remove: contrast}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from robust_dml.records import Backbone
from robust_dml.runtime.options import Options

if TYPE_CHECKING:
    from torch import nn

    from robust_dml.config.training import BackboneConfig


class PixelsOptions(Options):
    """What is removed from the pixels before they are compared."""

    remove: Literal["nothing", "contrast"] = Field(
        "nothing", description="contrast: subtract the mean of an image and divide by the norm of the rest"
    )


def _build(config: BackboneConfig) -> nn.Module:
    from robust_dml.models.pixels import Pixels

    return Pixels(remove_contrast=config.options.remove == "contrast")


ENTRY = Backbone(
    label="pixels",
    summary="the pixels of an image, without weights; `embedding` does not apply",
    options=PixelsOptions,
    build=_build,
    gflop=lambda config, size: 0.0,
    small=True,
)
