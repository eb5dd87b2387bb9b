"""The arithmetic of a forward pass, for backbones whose cost grows with the area of the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust_dml.config.training import BackboneConfig


def gflop_by_area(giga_macs_at_224: float) -> Callable[[BackboneConfig, int], float]:
    """Return the function of a size in pixels to 10^9 operations, from 10^9 multiply-adds at 224 pixels.

    A multiply-add counts as two operations.
    """
    return lambda config, size: 2 * giga_macs_at_224 * (size / 224) ** 2
