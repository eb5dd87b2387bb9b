"""One gradient step from a random start (Wong et al., ICLR 2020).

r-fgsm: {optimiser: r-fgsm, objective: repel-positive, norm: linf, epsilon: 8/255}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.objectives import Function
from robust_dml.attacks.optimisers.pgd import pgd
from robust_dml.attacks.problem import Problem
from robust_dml.records import Optimiser
from robust_dml.runtime.lazy import Tensor
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Number


def r_fgsm(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    step_size: float | None = None,
    start: Tensor | None = None,
) -> Tensor:
    """Make one step of size 1.25 epsilon from a random start (Wong et al., ICLR 2020). Arguments as in `pgd`."""
    size = 1.25 * ball.epsilon if step_size is None else step_size
    return pgd(embed, images, objective, ball, steps=1, step_size=size, start=start, keep="last")


class RFgsmOptions(Options):
    """The settings of R-FGSM."""

    step_size: Number | None = Field(None, gt=0, description="in pixels of [0, 1]; 1.25 epsilon if absent")


def _attack(problem: Problem, options: RFgsmOptions) -> Tensor:
    return r_fgsm(
        problem.embed,
        problem.images,
        problem.objective,
        problem.ball,
        step_size=options.step_size,
        start=problem.start(),
    )


ENTRY = Optimiser(
    label="R-FGSM",
    summary="one gradient step from a random start (Wong et al., ICLR 2020)",
    options=RFgsmOptions,
    family="one-step",
    attack=_attack,
    passes=lambda options: 2,
    released="robust_dml.attacks.released:run_r_fgsm",
    released_passes=lambda options: 2,
    trains=True,
)
