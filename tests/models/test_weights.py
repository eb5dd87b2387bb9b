"""Pre-trained weights: verified, local, or an error; never random."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from torch import nn

from robust_dml.config.training import BackboneConfig
from robust_dml.data.archives import download
from robust_dml.data.archives.http import MirrorError
from robust_dml.models import build_model
from robust_dml.models.backbones import resnet18
from robust_dml.models.weights import fetch_weights, load_weights
from robust_dml.records import BACKBONES, Weights
from robust_dml.runtime.errors import UserError

RESNET = BackboneConfig(kind="resnet18", embedding=4, weights="imagenet")


def classifier_weights() -> dict[str, torch.Tensor]:
    """Weights named as torchvision names those of its classifier."""
    trunk = build_model(BackboneConfig(kind="resnet18"), seed=5, data_root=Path()).network.get_submodule("trunk")
    return {**trunk.state_dict(), "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A published file with known bytes, and no network."""
    stream = io.BytesIO()
    torch.save(classifier_weights(), stream)
    content = stream.getvalue()
    sha256 = hashlib.sha256(content).hexdigest()
    file = Weights(file="resnet18-test.pth", sha256=sha256, size=len(content))
    monkeypatch.setattr(resnet18, "ENTRY", replace(resnet18.ENTRY, imagenet=file))

    def no_network(*_: object) -> None:
        raise MirrorError("Network is unreachable")

    monkeypatch.setattr(download, "receive", no_network)
    return content


def put(data_root: Path, content: bytes) -> Path:
    path = data_root / "weights" / "resnet18-test.pth"
    path.parent.mkdir()
    path.write_bytes(content)
    return path


def test_weights_put_there_by_the_user_are_used_without_network(published: bytes, tmp_path: Path) -> None:
    put(tmp_path, published)
    model = build_model(RESNET, seed=0, data_root=tmp_path)
    expected = classifier_weights()["layer3.0.conv1.weight"]
    assert torch.equal(model.network.get_parameter("trunk.layer3.0.conv1.weight"), expected)


def test_wrong_bytes_are_refused(published: bytes, tmp_path: Path) -> None:
    path = put(tmp_path, bytes([published[0] ^ 1]) + published[1:])
    with pytest.raises(UserError, match="sha256") as raised:
        build_model(RESNET, seed=0, data_root=tmp_path)
    assert str(path) in str(raised.value)


def test_no_network_is_one_line_that_says_where_to_put_the_file(published: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Network is unreachable") as raised:
        build_model(RESNET, seed=0, data_root=tmp_path)
    assert str(tmp_path / "weights" / "resnet18-test.pth") in str(raised.value)


@pytest.mark.parametrize("cut", [0, 100])
def test_download(published: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    content = published[: len(published) - cut]
    monkeypatch.setattr(download, "receive", lambda url, part, *_: part.write_bytes(content))
    if cut:
        with pytest.raises(UserError, match="wrong file"):
            fetch_weights(resnet18.ENTRY.imagenet, tmp_path)
        assert not list((tmp_path / "weights").glob("resnet18*"))
    else:
        assert fetch_weights(resnet18.ENTRY.imagenet, tmp_path).read_bytes() == published


def test_published_hashes_agree_with_the_names() -> None:
    published = [BACKBONES.load(name).imagenet for name in BACKBONES.names]
    assert sum(file is not None for file in published) == 3
    for file in published:
        assert file is None or file.file.removesuffix(".pth").endswith(file.sha256[:8])


def test_a_file_of_the_study(tmp_path: Path) -> None:
    source = build_model(BackboneConfig(kind="convnet", embedding=4), seed=7, data_root=tmp_path)
    save_file(source.state_dict(), tmp_path / "mine.safetensors")
    config = BackboneConfig(kind="convnet", embedding=4, weights=tmp_path / "mine.safetensors")
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(build_model(config, seed=0, data_root=tmp_path)(images), source(images))


def test_pickled_code_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "module.pth")
    config = BackboneConfig(kind="convnet", weights=tmp_path / "module.pth")
    with pytest.raises(UserError, match="not a file of weights"):
        build_model(config, seed=0, data_root=tmp_path)


def test_an_absent_file_is_one_line() -> None:
    config = BackboneConfig(kind="convnet", weights=Path("absent.safetensors"))
    with pytest.raises(UserError, match="no such file"):
        load_weights(nn.Identity(), config, Path())


def test_weights_that_nobody_published_are_refused_at_planning() -> None:
    with pytest.raises(ValidationError, match="no ImageNet weights for convnet"):
        BackboneConfig(kind="convnet", weights="imagenet")


def test_weights_of_another_architecture_are_refused(published: bytes, tmp_path: Path) -> None:
    path = put(tmp_path, published)
    with pytest.raises(UserError, match="do not fit"):
        build_model(BackboneConfig(kind="resnet50", weights=path), seed=0, data_root=tmp_path)
