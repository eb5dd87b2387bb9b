"""Adam against torch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from robust_dml.training.adam import Adam
from training.tiny_model import TinyNet


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_equals_torch_optim(memory_format: torch.memory_format) -> None:
    torch.manual_seed(0)
    ours, theirs = TinyNet().to(memory_format=memory_format), TinyNet()  # type: ignore[call-overload]
    theirs.load_state_dict(ours.state_dict())
    mine = Adam(dict(ours.named_parameters()), learning_rate=0.01, weight_decay=0.1)
    oracle = torch.optim.Adam(theirs.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(5):
        images = torch.rand(4, 3, 8, 8)
        for model in (ours, theirs):
            model(images).square().sum().backward()
        mine.step()
        oracle.step()
        oracle.zero_grad()
    for found, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(found, expected)


def test_a_loaded_state_goes_on_to_the_bit() -> None:
    torch.manual_seed(0)
    model = TinyNet()
    optimiser = Adam(dict(model.named_parameters()), learning_rate=0.01, weight_decay=0.1)
    gradients = [[torch.randn_like(p) for p in model.parameters()] for _ in range(4)]
    results = []
    for interrupted in (False, True):
        copy = TinyNet()
        copy.load_state_dict(model.state_dict())
        optimiser = Adam(dict(copy.named_parameters()), learning_rate=0.01, weight_decay=0.1)
        for step, some in enumerate(gradients):
            if interrupted and step == 2:
                state = {name: tensor.clone() for name, tensor in optimiser.state().items()}
                optimiser = Adam(dict(copy.named_parameters()), learning_rate=0.01, weight_decay=0.1)
                optimiser.load(state)
            apply(copy, some, optimiser)
        results.append(torch.cat([p.flatten() for p in copy.parameters()]))
    assert torch.equal(*results)


def apply(model: nn.Module, gradients: list[torch.Tensor], optimiser: Adam) -> None:
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient.clone()
    optimiser.step()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_parameter_without_gradient_stays() -> None:
    model = TinyNet()
    model.fc.bias.grad = torch.ones_like(model.fc.bias)
    before = [p.detach().clone() for p in model.parameters()]
    Adam(dict(model.named_parameters()), learning_rate=0.01, weight_decay=0.1).step()
    moved = [not torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True)]
    assert moved == [False] * 5 + [True]
