"""Attacks of a single step."""

from __future__ import annotations

from torch import Tensor

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.objectives import Function
from robust_dml.attacks.pgd import pgd


def fgsm(embed: Embed, images: Tensor, objective: Function, ball: Ball, *, step_size: float | None = None) -> Tensor:
    """One step of size epsilon along the gradient at the clean images (Goodfellow et al., ICLR 2015).

    An objective that repels the own clean embedding has no gradient there: the result is then the clean image.
    Arguments and result as in `pgd`.
    """
    size = ball.epsilon if step_size is None else step_size
    return pgd(embed, images, objective, ball, steps=1, step_size=size, start=images, keep="last")


def r_fgsm(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    step_size: float | None = None,
    start: Tensor | None = None,
) -> Tensor:
    """One step of size 1.25 epsilon from a random start (Wong et al., ICLR 2020). Arguments as in `pgd`."""
    size = 1.25 * ball.epsilon if step_size is None else step_size
    return pgd(embed, images, objective, ball, steps=1, step_size=size, start=start, keep="last")
