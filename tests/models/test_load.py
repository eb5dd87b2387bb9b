"""Trained models from their files: what is refused, and that nothing else is needed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from robust_dml.config.training import BackboneConfig
from robust_dml.models import build_model, load_model
from robust_dml.runtime.errors import UserError

SMALL = BackboneConfig(kind="convnet", widths=[4, 8], embedding=5)


def trained(seed: int = 3) -> dict[str, Tensor]:
    return build_model(SMALL, seed=seed, data_root=Path()).state_dict()


def saved(folder: Path, weights: dict[str, Tensor]) -> Path:
    save_file(weights, folder / "model.safetensors")
    return folder / "model.safetensors"


def test_a_model_is_loaded_without_its_first_weights(tmp_path: Path) -> None:
    path = saved(tmp_path, trained())
    config = SMALL.model_copy(update={"weights": tmp_path / "deleted-since.safetensors"})
    images = torch.rand(2, 3, 8, 8)
    before = torch.get_rng_state()
    loaded = load_model(path, config, tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(loaded(images), build_model(SMALL, seed=3, data_root=Path())(images))
    assert not loaded.training


def test_a_model_with_imagenet_weights_needs_no_download(tmp_path: Path) -> None:
    config = BackboneConfig(kind="resnet18", embedding=4)
    path = saved(tmp_path, build_model(config, seed=0, data_root=tmp_path).state_dict())
    load_model(path, config.model_copy(update={"weights": "imagenet"}), tmp_path)
    assert not (tmp_path / "weights").exists()


def test_an_absent_model_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such model; run `robust-dml train`"):
        load_model(tmp_path / "model.safetensors", SMALL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("network.head.weight"), r"do not fit.*head\.weight"),
        (lambda w: w.update({"network.head.weight": torch.zeros(6, 32)}), r"do not fit.*head\.weight"),
        (
            lambda w: w.update({"network.tail": torch.zeros(1)}),
            r"has 1 weights that convnet lacks, such as network\.tail",
        ),
        (lambda w: w["network.head.bias"].fill_(torch.nan), r"1 weights are not finite, such as network\.head\.bias"),
        (lambda w: w["network.head.weight"][0].fill_(-torch.inf), r"not finite, such as network\.head\.weight"),
    ],
)
def test_weights_that_do_not_fit_are_one_line(tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    weights = trained()
    change(weights)
    path = saved(tmp_path, weights)
    with pytest.raises(UserError, match=message) as raised:
        load_model(path, SMALL)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_damage_of_the_header_is_one_line(tmp_path: Path) -> None:
    path = saved(tmp_path, trained())
    whole = path.read_bytes()
    header = int.from_bytes(whole[:8], "little") + 8
    damaged = [b"", whole[:4], whole[: header - 3], whole[:-5], whole + b"more", b"\xff" * 8 + whole[8:], b"text" * 90]
    chance = random.Random(0)
    for place in chance.sample(range(header), 60):
        damaged.append(whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :])
    for content in damaged:
        path.write_bytes(content)
        try:
            load_model(path, SMALL)  # a flip in a blank of the header may do no harm
        except UserError as error:
            assert str(path) in str(error) and "\n" not in str(error)
