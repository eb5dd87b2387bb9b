"""Passes of a step: the same function at each precision, the released passes where BatchNorm is live."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import Tensor, nn

from robust_dml.config.training import OptimisationConfig
from robust_dml.models import EmbeddingModel
from robust_dml.training.forward import ForwardPasses


def batchnorm_model() -> EmbeddingModel:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)
    )
    model = EmbeddingModel(network)
    model.train()(torch.rand(16, 3, 8, 8))
    return model.eval()


def passes_of(model: EmbeddingModel, *, frozen: bool = True, **settings: object) -> ForwardPasses:
    return ForwardPasses(model, OptimisationConfig(**settings), freeze_batchnorm=frozen)  # type: ignore[arg-type]


IMAGES = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("channels_last", [True, False])
def test_all_passes_are_the_models(channels_last: bool) -> None:
    model = batchnorm_model()
    forward = passes_of(model, channels_last=channels_last)
    expected = model(IMAGES)
    for embed in (forward.embed, forward.embed_constant, forward.exact()):
        torch.testing.assert_close(embed(IMAGES), expected, rtol=1e-5, atol=1e-6)


def test_constants_take_no_gradient_and_images_do() -> None:
    model = batchnorm_model()
    images = IMAGES.clone().requires_grad_()
    passes_of(model).embed_constant(images).sum().backward()
    assert images.grad is not None and images.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in model.parameters())


def test_embedding_reaches_every_parameter_and_moves_no_statistics() -> None:
    model = batchnorm_model()
    before = model.network.get_buffer("1.running_mean").clone()
    passes_of(model).embed(IMAGES)[:, 0].sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    assert torch.equal(model.network.get_buffer("1.running_mean"), before)


def test_refresh_follows_the_weights() -> None:
    model = batchnorm_model()
    forward = passes_of(model)
    before = forward.embed_constant(IMAGES)
    with torch.no_grad():
        model.network.get_parameter("0.weight").mul_(-1)
    assert torch.equal(forward.embed_constant(IMAGES), before)
    forward.refresh()
    torch.testing.assert_close(forward.embed_constant(IMAGES), model(IMAGES))


def test_half_precision_computes_in_half_and_returns_float32() -> None:
    model = batchnorm_model()
    forward = passes_of(model, precision="bf16")
    embeddings = forward.embed(IMAGES)
    assert embeddings.dtype == torch.float32
    assert 0 < (embeddings - model(IMAGES)).abs().max() < 0.05
    embeddings[:, 0].sum().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in model.parameters())
    torch.testing.assert_close(forward.exact()(IMAGES), model(IMAGES))


def test_live_batchnorm_sees_the_batch_in_training_and_its_statistics_in_attacks() -> None:
    model = batchnorm_model()
    forward = passes_of(model, frozen=False)
    assert not forward.independent
    expected = model(IMAGES)
    torch.testing.assert_close(forward.embed_constant(IMAGES), expected)
    before = model.network.get_buffer("1.running_mean").clone()
    assert not torch.allclose(forward.embed(IMAGES), expected, atol=1e-3)
    assert not torch.equal(model.network.get_buffer("1.running_mean"), before)
    assert not model.training


def test_without_batchnorm_every_image_stands_alone() -> None:
    model = EmbeddingModel(nn.Sequential(nn.Flatten(), nn.Linear(192, 4)))
    assert passes_of(model, frozen=False).independent


def test_compiled_passes_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    model = batchnorm_model()
    forward = passes_of(model, compile=True)

    def gradient(model: nn.Module, embeddings: Tensor) -> Tensor:
        return torch.cat([g.flatten() for g in torch.autograd.grad(embeddings[:, 0].sum(), list(model.parameters()))])

    torch.testing.assert_close(gradient(model, forward.embed(IMAGES)), gradient(model, model(IMAGES)))
    torch.testing.assert_close(forward.embed_constant(IMAGES[:2]), model(IMAGES[:2]))
