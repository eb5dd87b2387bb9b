"""Random perturbations: what a gradient attack must beat."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.best import Best
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.objectives import Function


def noise(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    draws: int = 1,
    start: Callable[[int], Tensor] | None = None,
) -> Tensor:
    """The best of `draws` random perturbations per sample. `start` maps a draw's number to images; else as in `pgd`."""
    best = Best(images)
    rows = best.open_rows()
    with frozen(embed), torch.no_grad():
        for draw in range(draws):
            candidates = ball.random(images) if start is None else start(draw)
            best.offer(candidates, objective(embed(candidates)), rows)
    return best.images
