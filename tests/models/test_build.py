"""Models before training: shapes, seeds, normalisation, backbones of the user and of torchvision."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from robust_dml.config.training import BackboneConfig
from robust_dml.models import build_model
from robust_dml.runtime.errors import UserError

DATA = Path("no-data")
SMALL = BackboneConfig(kind="convnet", widths=[4, 8], embedding=5)


def two_pixels(embedding: int) -> nn.Module:
    """A user's backbone, named in a study as models.test_build:two_pixels."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, embedding))


def not_a_module(embedding: int) -> int:
    return embedding


@pytest.mark.parametrize(("kind", "size"), [("convnet", 8), ("convnet", 16), ("resnet18", 32), ("visualphishnet", 96)])
def test_embeddings_lie_on_the_unit_sphere(kind: str, size: int) -> None:
    model = build_model(BackboneConfig(kind=kind, embedding=7), seed=0, data_root=DATA)
    with torch.no_grad():
        embeddings = model(torch.rand(3, 3, size, size))
    assert embeddings.shape == (3, 7)
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(3))
    assert not model.training


def test_weights_are_a_function_of_the_seed_and_leave_torchs_generator_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = (build_model(SMALL, seed=seed, data_root=DATA) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    flat = [torch.cat([p.flatten() for p in model.parameters()]) for model in (first, again, other)]
    assert torch.equal(flat[0], flat[1])
    assert not torch.equal(flat[0], flat[2])


def test_input_normalisation_is_part_of_the_model() -> None:
    plain = build_model(SMALL, seed=0, data_root=DATA)
    normalising = build_model(SMALL.model_copy(update={"normalize": "imagenet"}), seed=0, data_root=DATA)
    images = torch.rand(2, 3, 8, 8)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normalised = (images - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    torch.testing.assert_close(normalising(images), plain(normalised))


def test_embedding_normalisation_can_be_switched_off() -> None:
    plain = build_model(SMALL.model_copy(update={"normalize_embedding": False}), seed=0, data_root=DATA)
    images = torch.rand(2, 3, 8, 8)
    expected = nn.functional.normalize(plain(images))
    torch.testing.assert_close(build_model(SMALL, seed=0, data_root=DATA)(images), expected)


def test_a_torchvision_backbone() -> None:
    config = BackboneConfig(kind="torchvision:squeezenet1_1", embedding=6)
    with pytest.raises(UserError, match="no linear layer"):
        build_model(config, seed=0, data_root=DATA)
    config = BackboneConfig(kind="torchvision:mobilenet_v3_small", embedding=6)
    assert build_model(config, seed=0, data_root=DATA)(torch.rand(2, 3, 32, 32)).shape == (2, 6)


def test_a_users_backbone() -> None:
    config = BackboneConfig(kind="models.test_build:two_pixels", embedding=4)
    assert build_model(config, seed=0, data_root=DATA)(torch.rand(2, 3, 8, 8)).shape == (2, 4)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("resnet", "no such backbone: resnet (did you mean resnet"),
        ("torchvision", "write torchvision:NAME"),
        ("torchvision:resnet5000", "no classifier resnet5000"),
        ("no_such_module:build", "cannot be imported"),
        ("models.test_build:no_such_function", "cannot be imported"),
    ],
)
def test_unknown_backbones_are_found_when_the_study_is_read(kind: str, message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        BackboneConfig(kind=kind)


def test_a_function_that_returns_no_network_is_one_line() -> None:
    with pytest.raises(UserError, match=r"returned int, expected a torch\.nn\.Module"):
        build_model(BackboneConfig(kind="models.test_build:not_a_module"), seed=0, data_root=DATA)
