"""Auto-PGD: its schedule, its strength, and what it returns."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from attacks.networks import images, small
from robust_dml.attacks import Ball, L2Ball, LinfBall, apgd, pgd
from robust_dml.attacks.objectives import repel
from robust_dml.attacks.optimisers.apgd import _checkpoints


def test_checkpoints_are_those_of_the_paper() -> None:
    assert _checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]


@pytest.mark.parametrize("ball", [LinfBall(0.05), L2Ball(0.5)])
def test_no_weaker_than_pgd_with_the_same_steps(ball: Ball) -> None:
    model, x = small(), images(12)
    objective, start = repel(model(x).detach()), ball.random(x, seeds=torch.arange(12))
    plain = objective(model(pgd(model, x, objective, ball, steps=30, start=start)))
    adaptive_images = apgd(model, x, objective, ball, steps=30, start=start)
    adaptive = objective(model(adaptive_images))
    assert adaptive.mean() >= 0.99 * plain.mean()
    assert (ball.size(adaptive_images - x) <= ball.epsilon + 1e-12).all()
    assert adaptive_images.min() >= 0 and adaptive_images.max() <= 1


def test_step_size_adapts_per_sample() -> None:
    """A peak in the middle of the ball: a fixed step of 2 epsilon would jump over it for ever."""
    x = torch.full((2, 1), 0.5, dtype=torch.float64)
    peaks = torch.tensor([[0.503], [0.55]], dtype=torch.float64)

    def objective(embeddings: Tensor) -> Tensor:
        return -(embeddings - peaks).abs().sum(1)

    found = apgd(lambda batch: batch, x, objective, LinfBall(0.1), steps=100, start=x)
    torch.testing.assert_close(found, peaks, rtol=0, atol=1e-3)


def test_restarts_are_never_weaker_and_nan_keeps_the_first_image_at_which_it_was() -> None:
    model, x, ball = small(), images(), LinfBall(0.1)
    references = model(x).detach().clone()
    references[1] = torch.nan
    objective = repel(references)

    def start(restart: int) -> Tensor:
        return ball.random(x, seeds=torch.arange(6), stream=restart)

    one, three = (apgd(model, x, objective, ball, steps=5, restarts=n, start=start) for n in (1, 3))
    finite = torch.arange(6) != 1
    assert (objective(model(three)) >= objective(model(one)))[finite].all()
    assert torch.equal(three[1], start(0)[1])
