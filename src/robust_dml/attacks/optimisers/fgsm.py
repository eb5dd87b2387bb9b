"""One gradient step at the clean image (Goodfellow et al., ICLR 2015).

fgsm: {optimiser: fgsm, objective: repel-positive, norm: linf, epsilon: 8/255}
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


def fgsm(embed: Embed, images: Tensor, objective: Function, ball: Ball, *, step_size: float | None = None) -> Tensor:
    """Make one step of size epsilon along the gradient at the clean images (Goodfellow et al., ICLR 2015).

    An objective that repels the own clean embedding has no gradient there: the result is then the clean image.
    Arguments and result as in `pgd`.
    """
    size = ball.epsilon if step_size is None else step_size
    return pgd(embed, images, objective, ball, steps=1, step_size=size, start=images, keep="last")


class FgsmOptions(Options):
    """The settings of FGSM."""

    step_size: Number | None = Field(None, gt=0, description="in pixels of [0, 1]; epsilon if absent")


def _attack(problem: Problem, options: FgsmOptions) -> Tensor:
    return fgsm(problem.embed, problem.images, problem.objective, problem.ball, step_size=options.step_size)


ENTRY = Optimiser(
    label="FGSM",
    summary="one step along the gradient at the clean image (Goodfellow et al., ICLR 2015)",
    options=FgsmOptions,
    family="one-step",
    attack=_attack,
    passes=lambda options: 2,
    first_gradient="clean",
    released="robust_dml.attacks.released:run_fgsm",
    released_passes=lambda options: 2,
    trains=True,
)
