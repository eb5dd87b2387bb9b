"""Random perturbations: what a gradient attack must beat.

noise: {optimiser: noise, objective: margin, norm: linf, epsilon: 8/255, steps: 10}
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.best import Best
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.objectives import Function
from robust_dml.attacks.problem import Problem
from robust_dml.records import Optimiser
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer


def noise(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    draws: int = 1,
    start: Callable[[int], Tensor] | None = None,
) -> Tensor:
    """Return the best of `draws` random perturbations per sample, images (B, ...) in the ball and in [0, 1].

    `start` maps the number of a draw to images; random in the ball if absent. Other arguments are those of `pgd`.
    """
    best = Best(images)
    rows = best.open_rows()
    with frozen(embed), torch.no_grad():
        for draw in range(draws):
            candidates = ball.random(images) if start is None else start(draw)
            best.offer(candidates, objective(embed(candidates)), rows)
    return best.images


class NoiseOptions(Options):
    """The settings of random noise."""

    steps: Integer = Field(1, ge=1, le=1_000_000, description="draws, the best of which is kept")


def _attack(problem: Problem, options: NoiseOptions) -> Tensor:
    return noise(
        problem.embed, problem.images, problem.objective, problem.ball, draws=options.steps, start=problem.start
    )


ENTRY = Optimiser(
    label="noise",
    summary="random perturbations, which a gradient attack must beat",
    options=NoiseOptions,
    family="control",
    attack=_attack,
    passes=lambda options: options.steps,
    steps=lambda options: options.steps,
    counted="draws",
    first_gradient="none",
)
