"""R-FGSM: one step from a random start."""

from __future__ import annotations

import torch

from attacks.networks import images, small
from robust_dml.attacks import LinfBall, r_fgsm
from robust_dml.attacks.objectives import repel


def test_r_fgsm_starts_elsewhere_and_ends_in_the_ball() -> None:
    model, x, ball = small(), images(), LinfBall(0.1)
    objective = repel(model(x).detach())
    found = r_fgsm(model, x, objective, ball)
    assert (objective(model(found)) > objective(model(ball.random(x)))).all()
    assert (ball.size(found - x) <= ball.epsilon + 1e-12).all()
    assert torch.equal(r_fgsm(model, x, objective, ball, start=x), x)
