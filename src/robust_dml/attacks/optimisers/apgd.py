"""Auto-PGD: gradient ascent with momentum whose step size adapts per sample (Croce & Hein, ICML 2020).

apgd: {optimiser: apgd, objective: margin, norm: linf, epsilon: 8/255, steps: 100, restarts: 2}
"""

from __future__ import annotations

import math

from pydantic import Field

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.best import Best
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.goal import Goal
from robust_dml.attacks.objectives import Function, Objective
from robust_dml.attacks.probe import Probe, probe
from robust_dml.attacks.problem import Problem
from robust_dml.attacks.start import Start, starts
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
    until: Objective | None = None,
) -> Tensor:
    """Climb for `steps` steps from each of `restarts` starts; keep the best image per sample.

    The step begins at 2 epsilon and is halved at the checkpoints of the paper (section 3), per sample, where progress
    has stalled; the sample then goes on from its best image. Arguments and result as in `pgd`.
    """
    best, goal = Best(images), Goal(objective, until)
    with frozen(embed), torch.no_grad():
        for begin, rows in starts(best, restarts, start, images, ball):
            climb = _Climb(embed, images, goal, ball, begin, steps)
            climb.select(rows)
            for step in range(steps):
                climb.step(step, best)
            climb.finish(best)
    return best.images


class _Climb:
    """One restart: the iterates `x` of the samples number `rows`, which shrink as samples are settled."""

    def __init__(
        self,
        embed: Embed,
        images: Tensor,
        goal: Goal,
        ball: Ball,
        begin: Tensor,
        steps: int,
    ) -> None:
        self.embed, self.goal, self.ball = embed, goal, ball
        self.rows = torch.arange(len(images), device=images.device)
        self.centre, self.x, self.previous = images, begin, begin
        self.own_best, self.best_gradient = Best(images), torch.zeros_like(images)
        self.pace = _Pace(images, 2 * ball.epsilon, _checkpoints(steps))

    def select(self, index: Tensor) -> None:
        """Go on with the samples at `index` alone."""
        if len(index) == len(self.rows):
            return
        self.rows, self.centre = self.rows[index], self.centre[index]
        self.x, self.previous = self.x[index], self.previous[index]
        self.own_best, self.best_gradient = self.own_best.rows(index), self.best_gradient[index]
        self.pace.select(index)
        self.goal = self.goal.rows(index)

    def step(self, step: int, best: Best) -> None:
        """Evaluate the iterates and move every open sample once; settle in `best` the samples that are done."""
        if len(self.rows) == 0:
            return
        found = probe(self.embed, self.x, self.goal.objective)
        if step > 0:
            found = self._without_broken(found, best)
            higher = _per_sample(found.values > self.own_best.values, self.x)
            self.own_best.offer(self.x, found.values, self._own_rows())
            self.best_gradient = torch.where(higher, found.gradient, self.best_gradient)
        x, previous, gradient = self.x, self.previous, found.gradient
        stalled = self.pace.look(step, found.values, self.own_best.values)
        if stalled is not None:
            back = _per_sample(stalled, x)
            x, previous = (torch.where(back, self.own_best.images, images) for images in (x, previous))
            gradient = torch.where(back, self.best_gradient, gradient)
        ahead = self.ball.project(x + _per_sample(self.pace.size, x) * self.ball.step(gradient), self.centre)
        momentum = 1.0 if step == 0 else MOMENTUM
        moved = x + momentum * (ahead - x) + (1 - momentum) * (x - previous)
        self.x, self.previous = self.ball.project(moved, self.centre), x

    def finish(self, best: Best) -> None:
        """Evaluate the last iterate, which no step has evaluated, and offer the best of this restart to `best`."""
        if len(self.rows) == 0:
            return
        embeddings = self.embed(self.x)
        found = self._without_broken(Probe(embeddings, self.goal.objective(embeddings), self.x), best)
        self.own_best.offer(self.x, found.values, self._own_rows())
        best.offer(self.own_best.images, self.own_best.values, self.rows)

    def _without_broken(self, found: Probe, best: Best) -> Probe:
        broken = self.goal.broken(found.embeddings, found.values)
        standing = best.leave(broken, self.x, self.rows)
        if standing is None:
            return found
        self.select(standing)
        return Probe(*(part[standing] for part in found))

    def _own_rows(self) -> Tensor:
        return torch.arange(len(self.rows), device=self.rows.device)


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

    def select(self, index: Tensor) -> None:
        """Go on with the samples at `index` alone."""
        self.size, self.rises, self.best_before = self.size[index], self.rises[index], self.best_before[index]
        self.halved_before = self.halved_before[index]
        self.last_values = None if self.last_values is None else self.last_values[index]

    def look(self, step: int, values: Tensor, best: Tensor) -> Tensor | None:
        """Note the objective after `step` steps; at a checkpoint, True (B,) where a sample goes back to its best."""
        if self.last_values is not None:
            self.rises += values > self.last_values
        self.last_values = values
        if step not in self.checkpoints:
            return None
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
        until=problem.until,
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
    stops=True,
)
