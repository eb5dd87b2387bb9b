"""Noise: the best of several draws."""

from __future__ import annotations

import torch
from torch import Tensor

from attacks.networks import images, small
from robust_dml.attacks import LinfBall, noise
from robust_dml.attacks.objectives import repel


def test_noise_keeps_the_best_draw() -> None:
    model, x, ball = small(), images(), LinfBall(0.1)
    objective = repel(model(x).detach())

    def start(draw: int) -> Tensor:
        return ball.random(x, seeds=torch.arange(6), stream=draw)

    found = objective(model(noise(model, x, objective, ball, draws=5, start=start)))
    each = torch.stack([objective(model(start(draw))) for draw in range(5)])
    torch.testing.assert_close(found, each.amax(0))
