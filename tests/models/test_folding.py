"""Folded BatchNorm is the same function with the same gradient."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from robust_dml.config.training import BackboneConfig
from robust_dml.models import EmbeddingModel, build_model
from robust_dml.models.folding import FoldedModel


class Untraceable(nn.Module):
    """Its forward depends on the data, so no graph of it exists."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return (x if x.sum() > 0 else 2 * x).mean((2, 3))


class SharedConvolution(nn.Module):
    """One convolution used twice, one whose output is used beside BatchNorm: neither may be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Conv2d(3, 3, 3)
        self.bn1 = nn.BatchNorm2d(3)
        self.leaking = nn.Conv2d(3, 4, 3)
        self.bn2 = nn.BatchNorm2d(4, affine=False)
        self.folded = nn.Conv2d(4, 4, 1)
        self.bn3 = nn.BatchNorm2d(4, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.twice(self.bn1(self.twice(x)))
        y = self.leaking(x)
        return self.bn3(self.folded(self.bn2(y) + y)).mean((2, 3))


class TiedWeights(nn.Module):
    """Two convolutions with one weight, and one convolution under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2)
        self.first, self.second = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)
        self.second.weight = self.first.weight
        self.bn, self.other = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
        self.alias = self.stem

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.second(self.bn(self.first(self.alias(x))))).mean((2, 3))


def with_statistics(network: nn.Module, size: int = 32) -> EmbeddingModel:
    model = EmbeddingModel(network).double().train()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.rand_like(parameter))
        model(torch.rand(8, 3, size, size))
    return model.eval()


def resnet18() -> nn.Module:
    return build_model(BackboneConfig(kind="resnet18"), seed=0, data_root=Path()).network


def convnet() -> nn.Module:
    return build_model(BackboneConfig(kind="convnet", widths=[4, 8]), seed=0, data_root=Path()).network


MODELS = [(resnet18, 20), (convnet, 0), (SharedConvolution, 1), (TiedWeights, 2), (Untraceable, 0)]


@pytest.mark.parametrize(("build", "pairs"), MODELS)
def test_same_embeddings_and_gradients(build, pairs: int) -> None:  # type: ignore[no-untyped-def]
    model = with_statistics(build())
    folded = FoldedModel(model)
    assert len(folded.pairs) == pairs
    images = torch.rand(4, 3, 32, 32, dtype=torch.float64)
    plain, fast = model(images), folded(folded.weights(), images)
    torch.testing.assert_close(fast, plain, rtol=1e-10, atol=1e-12)
    direction = torch.randn_like(plain)
    parameters = list(model.parameters())
    expected = torch.autograd.grad((plain * direction).sum(), parameters)
    found = torch.autograd.grad((fast * direction).sum(), parameters)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("build", "pairs"), MODELS)
def test_same_gradient_in_the_pixels(build, pairs: int) -> None:  # type: ignore[no-untyped-def]
    model = with_statistics(build())
    folded = FoldedModel(model)
    images = torch.rand(4, 3, 32, 32, dtype=torch.float64, requires_grad=True)
    plain, fast = model(images), folded(folded.weights(), images)
    direction = torch.randn_like(plain)
    (expected,), (found,) = (torch.autograd.grad((out * direction).sum(), images) for out in (plain, fast))
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)


def test_weights_follow_the_model() -> None:
    model = with_statistics(resnet18())
    folded = FoldedModel(model)
    with torch.no_grad():
        model.get_submodule("network.trunk.bn1").weight.mul_(2)
    images = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    torch.testing.assert_close(folded(folded.weights(), images), model(images))


@pytest.mark.parametrize("build", [resnet18, SharedConvolution])
def test_half_precision_is_close(build) -> None:  # type: ignore[no-untyped-def]
    model = with_statistics(build()).float()
    folded = FoldedModel(model)
    images = torch.rand(4, 3, 32, 32)
    fast = folded(folded.weights(torch.bfloat16), images)
    assert fast.dtype == torch.float32
    assert (fast * model(images)).sum(1).min() > 0.99


def test_live_batchnorm_is_not_folded() -> None:
    model = EmbeddingModel(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)))
    assert FoldedModel(model.eval()).pairs == []
