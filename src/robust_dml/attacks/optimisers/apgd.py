"""Auto-PGD: gradient ascent with momentum whose step size adapts per sample (Croce & Hein, ICML 2020).

apgd: {optimiser: apgd, objective: margin, norm: linf, epsilon: 8/255, steps: 100, restarts: 2}
"""

from __future__ import annotations

import math

from pydantic import Field

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.best import Best
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.objectives import Function
from robust_dml.attacks.probe import probe
from robust_dml.attacks.problem import Problem
from robust_dml.attacks.start import Start, begin
from robust_dml.records import Optimiser
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer

MOMENTUM = 0.75  # alpha of the paper
LEAST_SHARE = 0.75  # rho: of the steps since the last checkpoint that must have raised the objective


def apgd(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    steps: int,
    restarts: int = 1,
    start: Start | None = None,
) -> Tensor:
    """Climb for `steps` steps from each of `restarts` starts; keep the best image per sample.

    The step begins at 2 epsilon and is halved at the checkpoints of the paper (section 3), per sample, where progress
    has stalled; the sample then goes on from its best image. Arguments and result as in `pgd`.
    """
    best = Best(images)
    rows = best.open_rows()
    with frozen(embed), torch.no_grad():
        for restart in range(restarts):
            found = _climb(embed, images, objective, ball, begin(start, restart, images, ball), steps)
            best.offer(found.images, found.values, rows)
    return best.images


def _climb(embed: Embed, images: Tensor, objective: Function, ball: Ball, x: Tensor, steps: int) -> Best:
    best, pace = Best(images), _Pace(images, 2 * ball.epsilon, _checkpoints(steps))
    rows, previous = best.open_rows(), x
    best_gradient = torch.zeros_like(images)
    for step in range(steps):
        found = probe(embed, x, objective)
        higher = found.values > best.values
        if step > 0:
            best.offer(x, found.values, rows)
            best_gradient = torch.where(_per_sample(higher, x), found.gradient, best_gradient)
        gradient = found.gradient
        stalled = _per_sample(pace.look(step, found.values, best.values), x)
        x = torch.where(stalled, best.images, x)
        previous = torch.where(stalled, best.images, previous)
        gradient = torch.where(stalled, best_gradient, gradient)
        ahead = ball.project(x + _per_sample(pace.size, x) * ball.step(gradient), images)
        momentum = 1.0 if step == 0 else MOMENTUM
        x, previous = ball.project(x + momentum * (ahead - x) + (1 - momentum) * (x - previous), images), x
    best.offer(x, objective(embed(x)), rows)
    return best


class _Pace:
    """The step size of each sample, halved where the last stretch between two checkpoints brought too little."""

    def __init__(self, images: Tensor, size: float, checkpoints: list[int]) -> None:
        self.size = torch.full((len(images),), size, dtype=images.dtype, device=images.device)
        self.checkpoints = checkpoints
        self.last_checkpoint = 0
        self.rises = torch.zeros(len(images), device=images.device)
        self.last_values: Tensor | None = None
        self.best_before = torch.full((len(images),), -torch.inf, dtype=torch.float64, device=images.device)
        self.halved_before = torch.ones(len(images), dtype=torch.bool, device=images.device)

    def look(self, step: int, values: Tensor, best: Tensor) -> Tensor:
        """Note the objective after `step` steps; True (B,) for samples that must go back to their best image."""
        if self.last_values is not None:
            self.rises += values > self.last_values
        self.last_values = values
        if step not in self.checkpoints:
            return torch.zeros(len(values), dtype=torch.bool, device=values.device)
        few_rises = self.rises < LEAST_SHARE * (step - self.last_checkpoint)
        no_gain = ~self.halved_before & (best <= self.best_before)
        stalled = few_rises | no_gain
        self.size = torch.where(stalled, self.size / 2, self.size)
        self.halved_before, self.best_before = stalled, best.clone()
        self.last_checkpoint = step
        self.rises.zero_()
        return stalled


def _checkpoints(steps: int) -> list[int]:
    """Ceil(p_j * steps), with p_1 = 0.22 and distances that shrink by 0.03 down to 0.06."""
    points, before, share = [], 0.0, 0.22
    while share < 1:
        points.append(math.ceil(round(share * steps, 9)))
        before, share = share, share + max(share - before - 0.03, 0.06)
    return points


def _per_sample(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.dim() - 1))


class ApgdOptions(Options):
    """The settings of APGD."""

    steps: Integer = Field(ge=1, le=100_000, description="gradient steps of each restart")
    restarts: Integer = Field(1, ge=1, le=1_000, description="random starts, the best of which is kept")


def _attack(problem: Problem, options: ApgdOptions) -> Tensor:
    return apgd(
        problem.embed,
        problem.images,
        problem.objective,
        problem.ball,
        steps=options.steps,
        restarts=options.restarts,
        start=problem.start,
    )


ENTRY = Optimiser(
    label="APGD",
    summary="gradient ascent whose step size adapts per sample (Croce and Hein, ICML 2020)",
    options=ApgdOptions,
    family="iterative",
    attack=_attack,
    passes=lambda options: options.restarts * (2 * options.steps + 1),
    steps=lambda options: options.steps,
    counted="steps",
    trains=True,
)
