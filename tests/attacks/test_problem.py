"""The start of a problem is a function of each sample's own seed."""

from __future__ import annotations

import torch

from attacks.networks import images
from robust_dml.attacks import Ball, L2Ball, LinfBall
from robust_dml.attacks.objectives import repel
from robust_dml.attacks.problem import Problem


def problem(rows: list[int], ball: Ball) -> Problem:
    seeds, x = torch.tensor([5, 6, 7, 8, 9, 10]), images()
    return Problem(torch.nn.Flatten(), x[rows], repel(torch.zeros(len(rows), 432)), ball, seeds[rows])


def test_the_start_is_in_the_ball_and_does_not_depend_on_the_batch() -> None:
    for ball in (LinfBall(0.1), L2Ball(0.5)):
        whole, some = problem([0, 1, 2, 3, 4, 5], ball), problem([4, 1], ball)
        assert torch.equal(whole.start()[[4, 1]], some.start())
        assert (ball.size(whole.start() - whole.images) <= ball.epsilon + 1e-9).all()


def test_each_restart_begins_elsewhere() -> None:
    given = problem([0, 1], LinfBall(0.1))
    assert torch.equal(given.start(), given.start(0))
    assert not torch.equal(given.start(0), given.start(1))


def test_evaluation_is_the_default() -> None:
    given = problem([0], LinfBall(0.1))
    assert given.keep == "best" and given.until is None
