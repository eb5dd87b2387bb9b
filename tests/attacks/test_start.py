"""Where the restarts of an attack begin."""

from __future__ import annotations

import torch
from torch import Tensor

from attacks.networks import images
from robust_dml.attacks import LinfBall
from robust_dml.attacks.best import Best
from robust_dml.attacks.start import Start, starts

BALL = LinfBall(0.1)


def begins(start: Start | None, x: Tensor, restarts: int = 3) -> list[Tensor]:
    return [begin for begin, _ in starts(Best(x), restarts, start, x, BALL)]


def test_given_images_are_the_first_restart_and_the_others_are_random() -> None:
    x = images()
    start = x.flip(0)
    torch.manual_seed(0)
    first, second = begins(start, x, 2)
    assert first is start
    torch.manual_seed(0)
    assert torch.equal(second, BALL.random(x))
    assert 0 < (second - x).abs().max() <= 0.1 + 1e-12


def test_a_function_says_where_each_restart_begins() -> None:
    x = images()
    for number, begin in enumerate(begins(lambda restart: x + restart, x)):
        assert torch.equal(begin, x + number)


def test_without_a_start_every_restart_is_random() -> None:
    x = images()
    first, second, _ = begins(None, x)
    assert not torch.equal(first, second)
    assert (BALL.size(first - x) <= 0.1 + 1e-12).all()


def test_restarts_end_once_no_sample_is_open() -> None:
    x, seen = images(), []
    best = Best(x)
    for _, rows in starts(best, 5, None, x, BALL):
        seen.append(rows.tolist())
        best.settle(x[rows[:4]], rows[:4])
    assert seen == [[0, 1, 2, 3, 4, 5], [4, 5]]
