"""Carlini & Wagner: fills the ball, under both norms."""

from __future__ import annotations

import pytest
import torch

from attacks.networks import images, small
from robust_dml.attacks import Ball, L2Ball, LinfBall, carlini_wagner, pgd
from robust_dml.attacks.objectives import repel


@pytest.mark.parametrize("ball", [LinfBall(0.03), L2Ball(0.3)])
def test_comes_near_pgd(ball: Ball) -> None:
    model, x = small(), images(10)
    objective, start = repel(model(x).detach()), ball.random(x, seeds=torch.arange(10))
    strong = objective(model(pgd(model, x, objective, ball, steps=40, start=start)))
    found = carlini_wagner(model, x, objective, ball, steps=40, search_steps=4, start=start)
    assert objective(model(found)).mean() >= 0.95 * strong.mean()
    assert (ball.size(found - x) <= ball.epsilon + 1e-9).all()
    assert found.min() >= 0 and found.max() <= 1


def test_search_fills_an_l2_ball() -> None:
    """The longer search settles on a weight at which the perturbation reaches the border."""
    weights = torch.randn(108, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = torch.full((3, 3, 6, 6), 0.5, dtype=torch.float64)
    objective = repel(x.flatten(1) @ weights)
    found = carlini_wagner(lambda b: b.flatten(1) @ weights, x, objective, L2Ball(0.2), steps=60, search_steps=6)
    best = 0.2 * weights.norm()
    assert (objective(found.flatten(1) @ weights) >= 0.97 * best).all()


def test_no_gradient_gives_finite_images_and_nan_keeps_the_first_image_at_which_it_was() -> None:
    x = images(3)
    still = carlini_wagner(lambda b: (0 * b).flatten(1), x, repel(torch.ones(3, 432).double()), LinfBall(0.1), steps=3)
    assert torch.isfinite(still).all()
    ball = LinfBall(0.1)
    start = ball.random(x)
    broken = carlini_wagner(
        lambda b: b.flatten(1) * torch.nan, x, repel(torch.ones(3, 432)), ball, steps=3, start=start
    )
    torch.testing.assert_close(broken, start)
