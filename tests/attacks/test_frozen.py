"""A frozen model, and what is restored."""

from __future__ import annotations

import pytest
import torch

from attacks.networks import images, small
from robust_dml.attacks.frozen import frozen


def test_frozen_and_restored_also_on_error() -> None:
    model = small().train()
    model.features[1].eval()
    model.features[0].bias.requires_grad_(False)
    modes = [module.training for module in model.modules()]
    learning = [parameter.requires_grad for parameter in model.parameters()]
    with pytest.raises(RuntimeError, match="within"), frozen(model):
        assert not any(module.training for module in model.modules())
        assert not any(parameter.requires_grad for parameter in model.parameters())
        batch = images().requires_grad_()
        model(batch).sum().backward()
        assert batch.grad is not None
        raise RuntimeError("within")
    assert [module.training for module in model.modules()] == modes
    assert [parameter.requires_grad for parameter in model.parameters()] == learning
    assert all(parameter.grad is None for parameter in model.parameters())


def test_any_callable_is_let_through() -> None:
    with frozen(torch.flatten) as embed:
        assert embed is torch.flatten
