"""Projected gradient ascent (Madry et al., ICLR 2018) on any objective of embeddings.

pgd: {optimiser: pgd, objective: margin, norm: linf, epsilon: 8/255, steps: 20, restarts: 2}
"""

from __future__ import annotations

from typing import Literal

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
from robust_dml.runtime.section import Integer, Number

Keep = Literal["best", "last"]

MOST_STEPS, MOST_RESTARTS = 100_000, 1_000


def pgd(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    steps: int,
    step_size: float | None = None,
    restarts: int = 1,
    start: Start | None = None,
    keep: Keep = "best",
    until: Objective | None = None,
) -> Tensor:
    """Climb along the gradient for `steps` steps from each of `restarts` starts; keep the best image per sample.

    Args:
        embed: any function from images (B, ...) to embeddings (B, d); a module is frozen meanwhile.
        images: (B, ...) with pixels in [0, 1].
        objective: embeddings (B, d) to values (B,), to be maximised.
        ball: the allowed perturbations.
        step_size: in the ball's norm; 2 epsilon / steps under l_inf and 4 epsilon / steps under l2 if absent.
        start: where the first restart begins, taken as it is, or a function from the restart's number to such
            images; random in the ball, from torch's generator, if absent.
        keep: "best" keeps the best of all iterates, "last" the best of the restarts' last iterates; "last" with
            one restart spends no pass on choosing.
        until: leave a sample once this is above zero, and keep the image at which it was; `objective` must
            then be an `Objective`.

    Returns:
        (B, ...) images in the ball and in [0, 1]; where the objective was NaN, the first image at which it was.
    """
    if steps < 1 or restarts < 1:
        raise ValueError(f"steps and restarts must be at least 1, found {steps} and {restarts}")
    size = ball.step_size(steps) if step_size is None else step_size
    best, goal = Best(images), Goal(objective, until)
    with frozen(embed), torch.no_grad():
        for begin, rows in starts(best, restarts, start, images, ball):
            climb = _Climb(embed, images, goal, ball, best, begin, rows)
            for step in range(steps):
                climb.step(size, offer=keep == "best" and step > 0)
            if keep == "last" and restarts == 1 and until is None:
                return climb.x
            climb.finish()
    return best.images


class _Climb:
    """One restart: the iterates `x` of the samples number `rows`, which shrink as samples are settled."""

    def __init__(
        self,
        embed: Embed,
        images: Tensor,
        goal: Goal,
        ball: Ball,
        best: Best,
        begin: Tensor,
        rows: Tensor,
    ) -> None:
        self.embed, self.ball, self.best, self.goal = embed, ball, best, goal
        self.rows = rows
        self.x, self.centre = begin, images
        if len(rows) < len(images):
            self._select(rows)

    def step(self, size: float, *, offer: bool) -> None:
        """Evaluate the iterates, offer them to `best`, and move every open sample once."""
        if len(self.rows) == 0:
            return
        found = probe(self.embed, self.x, self.goal.objective)
        if offer:
            found = self._note(found)
        self.x = self.ball.project(self.x + size * self.ball.step(found.gradient), self.centre)

    def finish(self) -> None:
        """Evaluate the last iterate, which no step has evaluated."""
        if len(self.rows):
            embeddings = self.embed(self.x)
            self._note(Probe(embeddings, self.goal.objective(embeddings), self.x))

    def _note(self, found: Probe) -> Probe:
        self.best.offer(self.x, found.values, self.rows)
        broken = self.goal.broken(found.embeddings, found.values)
        standing = self.best.leave(broken, self.x, self.rows)
        if standing is None:
            return found
        self.rows = self.rows[standing]
        self._select(standing)
        return Probe(*(part[standing] for part in found))

    def _select(self, index: Tensor) -> None:
        self.x, self.centre = self.x[index], self.centre[index]
        self.goal = self.goal.rows(index)


class PgdOptions(Options):
    """The settings of PGD."""

    steps: Integer = Field(ge=1, le=MOST_STEPS, description="gradient steps of each restart")
    step_size: Number | None = Field(None, gt=0, description="in pixels of [0, 1]; the optimiser's own if absent")
    restarts: Integer = Field(1, ge=1, le=MOST_RESTARTS, description="random starts, the best of which is kept")


def pgd_passes(options: PgdOptions) -> float:
    """Return the forward passes per image: two a step, one to look at the last iterate."""
    return options.restarts * (2 * options.steps + 1)


def _attack(problem: Problem, options: PgdOptions) -> Tensor:
    return pgd(
        problem.embed,
        problem.images,
        problem.objective,
        problem.ball,
        steps=options.steps,
        step_size=options.step_size,
        restarts=options.restarts,
        start=problem.start,
        keep=problem.keep,
        until=problem.until,
    )


ENTRY = Optimiser(
    label="PGD",
    summary="projected gradient ascent (Madry et al., ICLR 2018)",
    options=PgdOptions,
    family="iterative",
    attack=_attack,
    passes=pgd_passes,
    steps=lambda options: options.steps,
    counted="steps",
    released="robust_dml.attacks.released:run_pgd",
    released_passes=pgd_passes,
    trains=True,
    stops=True,
)
