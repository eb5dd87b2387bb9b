"""Square Attack (Andriushchenko et al., ECCV 2020): random search in square windows, without gradients.

square: {optimiser: square, objective: margin, norm: linf, epsilon: 8/255, steps: 1000}
"""

from __future__ import annotations

import math

from pydantic import Field

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.best import Best
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.goal import Goal
from robust_dml.attacks.objectives import Function, Objective
from robust_dml.attacks.problem import Problem
from robust_dml.records import Optimiser
from robust_dml.runtime import randomness
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer

FIRST_SHARE = 0.8  # of the image that the first window covers
HALVINGS = (10, 50, 200, 1000, 2000, 4000, 6000, 8000)  # of the share, at these of 10,000 queries


def square(
    embed: Embed,
    images: Tensor,
    objective: Function,
    ball: Ball,
    *,
    queries: int,
    seeds: Tensor | None = None,
    until: Objective | None = None,
) -> Tensor:
    """Keep each random change of a square window, one sign per channel, that raises the objective.

    It begins with vertical stripes. Under l2 the window gets an even change of norm epsilon before the whole is
    projected, which is simpler than the authors' l2 version. It is a control: a model that it harms more than
    gradients do hides its gradients.

    Args:
        images: (B, C, H, W) with pixels in [0, 1].
        queries: forward passes per sample.
        seeds: (B,) of int64; all draws of a sample are a function of its entry. From torch's generator if absent.
        until: leave a sample once this is above zero; `objective` must then be an `Objective`.
    """
    seeds = torch.randint(2**62, (len(images),), device=images.device) if seeds is None else seeds
    best, goal = Best(images), Goal(objective, until)
    rows = best.open_rows()
    with frozen(embed), torch.no_grad():
        for query in range(queries):
            clean = images[rows]
            change = (
                _stripes(clean, ball, seeds[rows])
                if query == 0
                else _window(best.images[rows] - clean, ball, seeds[rows], query, queries)
            )
            candidates = ball.project(clean + change, clean)
            embeddings = embed(candidates)
            values = goal.objective(embeddings)
            best.offer(candidates, values, rows)
            standing = best.leave(goal.broken(embeddings, values), candidates, rows)
            if standing is not None:
                rows, goal = rows[standing], goal.rows(standing)
            if len(rows) == 0:
                break
    return best.images


def _stripes(images: Tensor, ball: Ball, seeds: Tensor) -> Tensor:
    _, channels, _, width = images.shape
    signs = _signs(randomness.uniform(seeds, (channels, 1, width)), images)
    return ball.evenly(images[0].numel()) * signs.expand_as(images)


def _window(perturbation: Tensor, ball: Ball, seeds: Tensor, query: int, queries: int) -> Tensor:
    """The perturbation with one square window per sample set to an even change."""
    _, channels, height, width = perturbation.shape
    side = _side(query, queries, height, width)
    draws = randomness.uniform(seeds, (2 + channels,), stream=query).to(perturbation.device)
    top, left = ((draws[:, i] * (length - side + 1)).long() for i, length in enumerate((height, width)))
    down = torch.arange(height, device=draws.device) - top[:, None]
    across = torch.arange(width, device=draws.device) - left[:, None]
    inside = ((down >= 0) & (down < side))[:, None, :, None] & ((across >= 0) & (across < side))[:, None, None, :]
    signs = _signs(draws[:, 2:, None, None], perturbation)
    return torch.where(inside, ball.evenly(channels * side * side) * signs, perturbation)


def _side(query: int, queries: int, height: int, width: int) -> int:
    """The side of the window, by the authors' schedule stretched to the number of queries."""
    share = FIRST_SHARE / 2 ** sum(query * 10_000 > halving * queries for halving in HALVINGS)
    side = round(math.sqrt(share * height * width))
    return max(1, min(side, height - 1, width - 1))


def _signs(draws: Tensor, like: Tensor) -> Tensor:
    return (2 * (draws >= 0.5).to(like) - 1).to(like.device)


class SquareOptions(Options):
    """The settings of Square."""

    steps: Integer = Field(ge=1, le=1_000_000, description="forward passes of each image")


def _attack(problem: Problem, options: SquareOptions) -> Tensor:
    return square(
        problem.embed,
        problem.images,
        problem.objective,
        problem.ball,
        queries=options.steps,
        seeds=problem.seeds,
        until=problem.until,
    )


ENTRY = Optimiser(
    label="Square",
    summary="random search in square windows, without gradients (Andriushchenko et al., ECCV 2020)",
    options=SquareOptions,
    family="control",
    attack=_attack,
    passes=lambda options: options.steps,
    steps=lambda options: options.steps,
    counted="queries",
    first_gradient="none",
    stops=True,
)
