"""Encoders of the user's: every form is taken, and what is wrong with one is one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from robust_dml.config.digests import user_files
from robust_dml.config.training import BackboneConfig
from robust_dml.models.build import build_model
from robust_dml.models.encoder import Encoder
from robust_dml.models.encoder_source import open_encoder
from robust_dml.models.folding import frozen_embedding
from robust_dml.models.given import GIVEN, give
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.source_code import source_of

IMAGES = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
OWN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.LazyLinear(6))
        self.layers.eval()(torch.zeros(1, 3, 8, 8))

    def forward(self, x):
        return self.layers((x - 0.5) / 0.25)

def build():
    return Net()

def function():
    net = Net()
    return lambda images: net(images)

def raises():
    raise OSError("no weights")

def number():
    return 3

def needs(embedding):
    return Net()
"""


@pytest.fixture(autouse=True)
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_encoders.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("own_encoders", None)
    source_of.cache_clear()
    torch.manual_seed(0)


def config(source: str, **keys: Any) -> BackboneConfig:
    return BackboneConfig(kind="encoder", source=source, **keys)


def exported(path: Path) -> Path:
    network = open_encoder("own_encoders:build").encode
    rows = {"x": {0: torch.export.Dim("rows", min=1, max=64)}}
    torch.export.save(torch.export.export(network.eval(), (IMAGES,), dynamic_shapes=rows), path)
    return path


def test_a_module_and_a_function_around_it_are_the_same_model() -> None:
    module = build_model(config("own_encoders:build"), seed=1, data_root=Path())
    function = build_model(config("own_encoders:function"), seed=1, data_root=Path())
    expected = nn.functional.normalize(module.network.encode(IMAGES))
    assert torch.equal(module(IMAGES), expected) and torch.equal(function(IMAGES), expected)
    assert len(list(function.parameters())) == len(list(module.parameters())) > 0
    assert not any(part.training for part in function.modules())


def test_traced_and_exported_files_are_read(tmp_path: Path) -> None:
    network = open_encoder("own_encoders:build").encode.eval()
    torch.jit.trace(network, IMAGES).save(tmp_path / "traced.pt")
    traced = build_model(config("traced.pt"), seed=0, data_root=Path())
    torch.testing.assert_close(traced(IMAGES[:3]), nn.functional.normalize(network(IMAGES[:3])))
    exported(tmp_path / "exported.pt2")
    program = build_model(config("exported.pt2", normalize_embedding=False), seed=0, data_root=Path())
    assert program(IMAGES[:2]).shape == (2, 6)
    assert {name for name in program.state_dict() if "weight" in name}


def test_an_encoder_is_called_as_it_is_and_its_gradient_reaches_the_images() -> None:
    model = build_model(config("own_encoders:build"), seed=0, data_root=Path())
    embed = frozen_embedding(model, torch.channels_last)
    images = IMAGES.clone().contiguous(memory_format=torch.channels_last).requires_grad_()
    embed(images)[:, 0].sum().backward()
    assert images.grad is not None and float(images.grad.abs().min()) > 0
    assert all(parameter.grad is None for parameter in model.parameters())


def test_an_encoder_without_gradients_has_zero_ones() -> None:
    images = IMAGES.clone().requires_grad_()
    embeddings = Encoder(torch.no_grad()(lambda x: x.flatten(1)), "mine")(images)
    embeddings.sum().backward()
    assert images.grad is not None and not images.grad.any()
    assert torch.equal(embeddings.detach(), IMAGES.flatten(1))


@pytest.mark.parametrize(
    ("encode", "message"),
    [
        (lambda x: x, r"expected embeddings \(5, d\) for 5 images, found \(5, 3, 8, 8\)"),
        (lambda x: x.flatten(1)[:3], r"found \(3, 192\)"),
        (lambda x: x.flatten(1)[:, :0], r"found \(5, 0\)"),
        (lambda x: x.flatten(1).long(), "found int64; return floating-point numbers"),
        (lambda x: x.flatten(1).numpy(), "found ndarray; return a tensor"),
        (lambda x: {"pooler_output": x}, "found dict; return a tensor"),
        (lambda x: x @ torch.zeros(3, 3), r"fails on images \(5, 3, 8, 8\): RuntimeError"),
    ],
)
def test_what_is_no_embedding_is_one_line(encode: Any, message: str) -> None:
    with pytest.raises(UserError, match=f"^encoder mine: .*{message}") as error:
        Encoder(encode, "mine")(IMAGES)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("own_encoders:absent", "cannot be built: AttributeError"),
        ("own_encoders:raises", "cannot be built: OSError: no weights"),
        ("own_encoders:number", "found one that returns int"),
        ("own_encoders:needs", "cannot be built: TypeError"),
        ("damaged.pt", "expected a TorchScript file, an exported program"),
        ("damaged.pt2", "expected a TorchScript file, an exported program"),
        ("absent.pt", "damaged|expected|no such file"),
    ],
)
def test_a_wrong_source_is_one_line(source: str, message: str) -> None:
    for name in ("damaged.pt", "damaged.pt2"):
        Path(name).write_bytes(b"no archive")
    with pytest.raises(UserError, match=message) as error:
        open_encoder(source)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "message"), [("absent_module:build", "no module absent_module"), ("absent.pt", "or a file that exists")]
)
def test_a_source_that_is_not_there_is_refused_with_the_study(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(source)


def test_an_object_of_the_program_is_found_by_its_name() -> None:
    class Flat(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1)

    source = give("flat", Flat())
    assert open_encoder(source)(IMAGES).shape == (5, 192)
    assert len(user_files(config(source))[0]) == 64
    GIVEN.clear()


def test_the_identity_is_that_of_the_file_or_of_the_users_code(tmp_path: Path) -> None:
    before = user_files(config("own_encoders:build"))
    (tmp_path / "own_encoders.py").write_text(OWN + "# other\n")
    assert user_files(config("own_encoders:build")) != before
    (tmp_path / "a.pt").write_bytes(b"a")
    first = user_files(config("a.pt"))
    (tmp_path / "a.pt").write_bytes(b"bb")
    assert user_files(config("a.pt")) != first
    assert user_files(BackboneConfig(kind="convnet")) == []
