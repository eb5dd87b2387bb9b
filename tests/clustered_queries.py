"""Made-up queries clustered by class: the beta-binomial model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Setting:
    """A population of classes: their number, mean size, intra-class correlation, and whether sizes differ."""

    classes: int
    size: int
    correlation: float
    unequal: bool = False


def draw_sizes(setting: Setting, generator: np.random.Generator) -> NDArray[np.int64]:
    if not setting.unequal:
        return np.full(setting.classes, setting.size)
    return np.maximum(1, setting.size * generator.lognormal(0, 0.7, setting.classes)).astype(np.int64)


def class_shares(share: float, setting: Setting, generator: np.random.Generator) -> NDArray[np.float64]:
    """Beta shares of mean `share`, whose variance is the intra-class correlation times share (1 - share)."""
    if setting.correlation == 0 or share in (0, 1):
        return np.full(setting.classes, float(share))
    total = 1 / setting.correlation - 1
    return generator.beta(share * total, (1 - share) * total, setting.classes)


def draw_outcomes(
    share: float, setting: Setting, generator: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Outcomes bool (Q,) and classes int64 (Q,) of one sample."""
    sizes = draw_sizes(setting, generator)
    shares = np.repeat(class_shares(share, setting, generator), sizes)
    return generator.random(len(shares)) < shares, np.repeat(np.arange(setting.classes), sizes)
