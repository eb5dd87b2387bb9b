"""Weights and states that were tampered with are refused or left aside; nothing in them is executed."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from faults.pipeline import FILE, MODEL, MODELS, OTHER, names_of
from robust_dml.cli.main import main
from robust_dml.config import load_study
from robust_dml.config.resolve import backbone_of
from robust_dml.models.load import load_model
from robust_dml.runtime.errors import UserError

FILE_OF_MODEL = MODELS / "model.safetensors"


class Bomb:
    """Executes a command when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch executed",)


def changed(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Write the model with other weights."""
    save_file(change(load_file(FILE_OF_MODEL)), FILE_OF_MODEL)


def first(weights: dict[str, torch.Tensor]) -> str:
    """Return the name of the first weights that are no counter."""
    return next(name for name, tensor in weights.items() if tensor.is_floating_point())


def poisoned(value: float) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    """Return a change that puts one value into the weights."""

    def change(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        weights[first(weights)].view(-1)[0] = value
        return weights

    return change


FAULTS: dict[str, Callable[[], object]] = {
    "truncated": lambda: FILE_OF_MODEL.write_bytes(FILE_OF_MODEL.read_bytes()[:-100]),
    "empty": lambda: FILE_OF_MODEL.write_bytes(b""),
    "a header without end": lambda: FILE_OF_MODEL.write_bytes(b"\xff" * 8 + FILE_OF_MODEL.read_bytes()[8:]),
    "a header that is no JSON": lambda: FILE_OF_MODEL.write_bytes((8).to_bytes(8, "little") + b"{{{{{{{{"),
    "a pickle": lambda: FILE_OF_MODEL.write_bytes(pickle.dumps(Bomb())),
    "a checkpoint of torch": lambda: torch.save({"state": Bomb()}, FILE_OF_MODEL),
    "NaN": lambda: changed(poisoned(float("nan"))),
    "infinity": lambda: changed(poisoned(float("inf"))),
    "another shape": lambda: changed(lambda weights: {**weights, first(weights): torch.zeros(3, 3)}),
    "weights missing": lambda: changed(lambda weights: dict(list(weights.items())[1:])),
    "weights too many": lambda: changed(lambda weights: {**weights, "extra": torch.zeros(1)}),
    "no weights": lambda: changed(lambda weights: {"x": torch.zeros(1)}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_weights_that_are_not_those_of_the_training_are_refused(damaged: Path, fault: str) -> None:
    backbone = backbone_of(load_study(Path(FILE)), MODEL)[1]
    FAULTS[fault]()
    with pytest.raises(UserError, match=r"model\.safetensors") as error:
        load_model(FILE_OF_MODEL, backbone)
    assert "\n" not in str(error.value)
    assert main(["attack", FILE, *names_of(MODEL)]) == 1
    assert not Path("executed").exists()


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_file_of_weights_that_is_a_pickle_is_refused_and_not_executed(tmp_path: Path, suffix: str) -> None:
    from robust_dml.models.weights import read_weights

    torch.save({"weights": Bomb()}, tmp_path / f"own.{suffix}")
    with pytest.raises(UserError, match="not a file of weights"):
        read_weights(tmp_path / f"own.{suffix}")
    assert not Path("executed").exists()


def states() -> list[Path]:
    """The states of the model's training, the newest last."""
    return sorted(Path("state/ci/train", MODEL.path).rglob("state-*.safetensors"))


def flipped(path: Path, place: float) -> None:
    """Flip a bit at a share of the file."""
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("place", [0.0, 0.01, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("count", [1, 2])
def test_a_bit_flipped_in_states_leads_to_the_same_model(
    damaged: Path, capsys: pytest.CaptureFixture[str], place: float, count: int
) -> None:
    expected = FILE_OF_MODEL.read_bytes()
    for file in states()[-count:]:
        flipped(file, place)
    shutil.rmtree(MODELS)
    assert main(["train", FILE, *names_of(MODEL)]) == 0
    assert FILE_OF_MODEL.read_bytes() == expected
    assert capsys.readouterr().err.count("damaged (its checksum differs") == count


def test_a_state_whose_epoch_was_edited_is_not_trained_on(damaged: Path) -> None:
    newest = states()[-1]
    newest.rename(newest.with_name(newest.name.replace("00002", "00001", 1)))
    with pytest.MonkeyPatch.context():
        expected = FILE_OF_MODEL.read_bytes()
        assert main(["train", FILE, *names_of(MODEL)]) == 0
        assert FILE_OF_MODEL.read_bytes() == expected


def test_a_state_of_another_training_is_refused(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (other,) = sorted(Path("state/ci/train", OTHER.path).rglob("state-*.safetensors"))[-1:]
    folder = states()[-1].parent
    shutil.rmtree(folder)
    folder.mkdir()
    shutil.copy(other, folder)
    assert main(["train", FILE, *names_of(MODEL)]) == 1
    assert "the state of a training with other settings or data" in capsys.readouterr().err


def test_the_record_of_a_model_cannot_be_edited(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads((MODELS / "run.json").read_text())
    (MODELS / "run.json").write_text(json.dumps({**record, "model_sha256": "0" * 64}))
    assert main(["attack", FILE, *names_of(MODEL)]) == 1
    assert "run.json: not what was written" in capsys.readouterr().err
