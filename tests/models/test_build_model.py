"""Models by name: shapes, seeds, normalisation, backbones of others."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from robust_dml.config.training import BackboneConfig
from robust_dml.models import build_model, load_model
from robust_dml.runtime.errors import UserError
from robust_dml.training.state import save_tensors

DATA = Path("no-data")
SMALL = BackboneConfig(kind="convnet", widths=[4, 8], embedding=5)


def two_pixels(embedding: int) -> nn.Module:
    """A user's backbone, named in a study as models.test_build_model:two_pixels."""
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
    config = BackboneConfig(kind="models.test_build_model:two_pixels", embedding=4)
    assert build_model(config, seed=0, data_root=DATA)(torch.rand(2, 3, 8, 8)).shape == (2, 4)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("resnet", "no such kind"),
        ("torchvision:resnet5000", "no model resnet5000"),
        ("no_such_module:build", "cannot be imported"),
        ("models.test_build_model:no_such_function", "cannot be imported"),
        ("models.test_build_model:not_a_module", "returned int"),
    ],
)
def test_unknown_backbones_are_one_line(kind: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_model(BackboneConfig(kind=kind), seed=0, data_root=DATA)


def test_a_saved_model_loads_without_its_first_weights(tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"weights": tmp_path / "deleted-since.safetensors"})
    model = build_model(SMALL, seed=3, data_root=DATA)
    save_tensors(tmp_path / "model.safetensors", model.state_dict(), {})
    loaded = load_model(config, tmp_path / "model.safetensors")
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(loaded(images), model(images))


def test_a_model_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    weights: dict[str, Tensor] = build_model(SMALL, seed=0, data_root=DATA).state_dict()
    save_tensors(tmp_path / "model.safetensors", weights, {})
    other = SMALL.model_copy(update={"embedding": 6})
    with pytest.raises(UserError, match=r"do not fit.*head\.weight"):
        load_model(other, tmp_path / "model.safetensors")
