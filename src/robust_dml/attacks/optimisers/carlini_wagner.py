"""Carlini & Wagner (S&P 2017) for embeddings: a penalty instead of a bound, weighed by a binary search.

cw: {optimiser: carlini-wagner, objective: repel-positive, norm: linf, epsilon: 8/255, steps: 50, search_steps: 3}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.best import Best
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.objectives import Function
from robust_dml.attacks.probe import probe
from robust_dml.attacks.problem import Problem
from robust_dml.records import Optimiser
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer, Number

RELEASED_PASSES = 445  # of the released code, whatever `steps` is


def carlini_wagner(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    steps: int,
    search_steps: int = 3,
    learning_rate: float | None = None,
    start: Tensor | None = None,
) -> Tensor:
    """Minimise penalty - c * objective by Adam, pixels clipped to [0, 1]; search the c that fills the ball, per sample.

    The original searches the smallest perturbation that fools a classifier. An embedding has no such
    threshold, so here c is searched at which the perturbation just stays within epsilon, and the image of the
    highest objective within the ball is kept. The penalty is theirs: the squared norm under l2, the sum of what
    exceeds tau under l_inf.

    Args:
        steps: Adam steps for each c.
        search_steps: values of c that are tried.
        learning_rate: in pixels of [0, 1], falling linearly to zero; 0.4 of an even perturbation of size
            epsilon if absent.
        start: where each run begins; random in the ball if absent. The others as in `pgd`.
    """
    size = 0.4 * ball.evenly(images[0].numel()) if learning_rate is None else learning_rate
    best, begin = Best(images), ball.random(images) if start is None else start
    with frozen(embed):
        weights = _Weights(_first_weights(embed, begin, objective, ball))
        for _ in range(search_steps):
            final = _minimise(embed, images, objective, ball, best, weights.now, begin - images, steps, size)
            weights.update(fits=ball.size(final) <= ball.epsilon)
    return best.images


def _minimise(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    best: Best,
    weights: Tensor,
    perturbation: Tensor,
    steps: int,
    size: float,
) -> Tensor:
    """Run Adam once for weights c (B,); offer every iterate to `best` and return the last perturbation."""
    rows = best.open_rows()
    perturbation = perturbation.clone().requires_grad_()
    adam = torch.optim.Adam([perturbation], lr=size)
    for step in range(steps):
        inside = ball.project(images + perturbation.detach(), images)
        with torch.enable_grad():
            # The model is evaluated inside the ball; the gradient passes through the projection unchanged.
            values = objective(embed(perturbation + (inside - perturbation.detach())))
            loss = (ball.penalty(perturbation) - weights * values).sum()
            (gradient,) = torch.autograd.grad(loss, perturbation)
        with torch.no_grad():
            best.offer(inside, values.detach(), rows)
            perturbation.grad = torch.nan_to_num(gradient, 0.0, 0.0, 0.0)
            adam.param_groups[0]["lr"] = size * (1 - step / steps)
            adam.step()
            perturbation.copy_((images + perturbation).clamp_(0, 1) - images)
    with torch.no_grad():
        inside = ball.project(images + perturbation, images)
        best.offer(inside, objective(embed(inside)), rows)
    return perturbation.detach()


def _first_weights(embed: Embed, begin: Tensor, objective: Function, ball: Ball) -> Tensor:
    """Return the c (B,) at which, to first order, the objective gains 1 on the way to the border of the ball."""
    gradient = probe(embed, begin, objective).gradient
    gain = ball.epsilon * (gradient * ball.step(gradient)).flatten(1).sum(1)
    return torch.where(gain > 0, 1 / gain, 1.0)


class _Weights:
    """The binary search for c: times or divided by ten until the border of the ball is bracketed, then the middle."""

    def __init__(self, first: Tensor) -> None:
        self.now = first
        self.low, self.high = torch.zeros_like(self.now), torch.full_like(self.now, torch.inf)

    def update(self, fits: Tensor) -> None:
        """`fits` (B,): whether the perturbation found with `now` lies in the ball, so that c may grow."""
        self.low = torch.where(fits, self.now, self.low)
        self.high = torch.where(fits, self.high, self.now)
        middle = (self.low * self.high).sqrt()
        open_end = torch.where(fits, self.now * 10, self.now / 10)
        self.now = torch.where((self.low > 0) & (self.high < torch.inf), middle, open_end)


class CarliniWagnerOptions(Options):
    """The settings of Carlini and Wagner's attack."""

    steps: Integer = Field(ge=1, le=100_000, description="Adam steps for each constant")
    step_size: Number | None = Field(
        None,
        gt=0,
        description="learning rate, in pixels of [0, 1]; 0.4 of an even perturbation of size epsilon if absent",
    )
    search_steps: Integer = Field(3, ge=1, le=1_000, description="steps of the binary search for the constant")


def _attack(problem: Problem, options: CarliniWagnerOptions) -> Tensor:
    return carlini_wagner(
        problem.embed,
        problem.images,
        problem.objective,
        problem.ball,
        steps=options.steps,
        search_steps=options.search_steps,
        learning_rate=options.step_size,
        start=problem.start(),
    )


ENTRY = Optimiser(
    label="C&W",
    summary="a penalty instead of a bound, weighed by a binary search (Carlini and Wagner, S&P 2017)",
    options=CarliniWagnerOptions,
    family="iterative",
    attack=_attack,
    passes=lambda options: 2 + (2 * options.steps + 1) * options.search_steps,
    steps=lambda options: options.steps,
    counted="steps",
    released="robust_dml.attacks.released:run_carlini_wagner",
    released_passes=lambda options: 2 * RELEASED_PASSES,
)
