"""Where the restarts of an attack begin."""

from __future__ import annotations

import torch

from attacks.networks import images
from robust_dml.attacks import LinfBall
from robust_dml.attacks.start import begin

BALL = LinfBall(0.1)


def test_given_images_are_the_first_restart_and_the_others_are_random() -> None:
    x = images()
    start = x.flip(0)
    assert begin(start, 0, x, BALL) is start
    torch.manual_seed(0)
    again = begin(start, 1, x, BALL)
    torch.manual_seed(0)
    assert torch.equal(again, BALL.random(x))
    assert 0 < (again - x).abs().max() <= 0.1 + 1e-12


def test_a_function_says_where_each_restart_begins() -> None:
    x = images()
    assert torch.equal(begin(lambda restart: x + restart, 0, x, BALL), x)
    assert torch.equal(begin(lambda restart: x + restart, 2, x, BALL), x + 2)


def test_without_a_start_every_restart_is_random() -> None:
    x = images()
    torch.manual_seed(0)
    first, second = begin(None, 0, x, BALL), begin(None, 1, x, BALL)
    assert not torch.equal(first, second)
    assert (BALL.size(first - x) <= 0.1 + 1e-12).all()
