"""FGSM: one step along the gradient at the clean image."""

from __future__ import annotations

import torch

from attacks.networks import images, small
from robust_dml.attacks import L2Ball, LinfBall, fgsm
from robust_dml.attacks.objectives import repel


def test_fgsm_is_one_signed_step() -> None:
    model, x = small(), images()
    references = torch.zeros(6, 8).double()
    batch = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((model(batch) - references).norm(dim=1).sum(), batch)
    torch.testing.assert_close(
        fgsm(model, x, repel(references), LinfBall(0.03)), (x + 0.03 * gradient.sign()).clamp(0, 1)
    )


def test_fgsm_uses_the_whole_l2_ball() -> None:
    model, x = small(), 0.5 + 0.1 * (images() - 0.5)
    references = model(x.flip(0)).detach()
    norms = (fgsm(model, x, repel(references), L2Ball(0.2)) - x).flatten(1).norm(dim=1)
    torch.testing.assert_close(norms, torch.full((6,), 0.2).double())


def test_fgsm_has_no_direction_from_the_own_embedding() -> None:
    model, x = small(), images()
    assert torch.equal(fgsm(model, x, repel(model(x).detach()), LinfBall(0.1)), x)
