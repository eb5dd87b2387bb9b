"""The same images as an independent implementation, on a problem shaped like a classifier: foolbox's PGD and FGSM."""

from __future__ import annotations

from typing import Any

import eagerpy
import foolbox
import pytest
import torch
from torch import Tensor

from attacks.networks import images, small
from robust_dml.attacks import Ball, L2Ball, LinfBall, fgsm, pgd


def cross_entropy(labels: Tensor) -> Any:
    return lambda logits: torch.nn.functional.cross_entropy(logits, labels, reduction="none")


@pytest.mark.parametrize(
    ("ball", "theirs"),
    [(LinfBall(0.03), foolbox.attacks.LinfPGD), (L2Ball(0.4), foolbox.attacks.L2PGD)],
)
def test_pgd(ball: Ball, theirs: Any) -> None:
    model, x, labels = small(dtype=torch.float32), images(8, dtype=torch.float32), torch.arange(8)
    attack = theirs(rel_stepsize=0.1, steps=15, random_start=False)
    expected = run(attack, model, x, labels, ball.epsilon)
    ours = pgd(model, x, cross_entropy(labels), ball, steps=15, step_size=0.1 * ball.epsilon, start=x, keep="last")
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5)
    assert (ours - x).abs().max() > 0.5 * float((expected - x).abs().max())


def test_fgsm() -> None:
    model, x, labels = small(dtype=torch.float32), images(8, dtype=torch.float32), torch.arange(8)
    expected = run(foolbox.attacks.LinfFastGradientAttack(), model, x, labels, 0.05)
    torch.testing.assert_close(fgsm(model, x, cross_entropy(labels), LinfBall(0.05)), expected, rtol=0, atol=1e-6)


def run(attack: Any, model: torch.nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
    found = attack.run(
        wrapped, eagerpy.astensor(x), foolbox.Misclassification(eagerpy.astensor(labels)), epsilon=epsilon
    )
    return found.raw.detach()
