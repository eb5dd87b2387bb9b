"""`robust-dml zoo` and `load_model`: a study's models come back as they were, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import robust_dml
from auditing.small_study import FOLDER, MODEL
from checkout import ROOT
from repository import environment
from robust_dml.cards.card import read_card
from robust_dml.cli.main import main
from robust_dml.config import load_study
from robust_dml.config.resolve import backbone_of
from robust_dml.models.load import load_model as load_trained
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import read_sealed
from robust_dml.zoo.names import zoo_name, zoo_names

NAME = "small-natural"
ZOO = Path("zoo")
WEIGHTS, CARD = ZOO / NAME / "seed0.safetensors", ZOO / NAME / "card-linf.json"


@pytest.fixture
def filled(study_folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A working folder with the small study and a zoo of its model."""
    assert main(["zoo", "study.yaml", "--out", "zoo"]) == 0
    assert capsys.readouterr().out.split() == [str(ZOO / NAME)]
    return study_folder


def alter(weights: Path) -> None:
    """Change one number of a model by a little."""
    tensors = load_file(weights)
    next(iter(tensors.values())).flatten()[0] += 1e-3
    save_file(tensors, weights)


def test_a_model_comes_back_as_it_was_trained(filled: Path) -> None:
    study = load_study(Path("study.yaml"))
    trained = load_trained(FOLDER / "model.safetensors", backbone_of(study, MODEL)[1])
    images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    loaded = robust_dml.load_model(NAME, zoo=ZOO)
    assert not loaded.training and torch.equal(loaded(images), trained(images))
    assert read_card(CARD).model.weights == {"0": read_sealed(FOLDER / "run.json")["model_sha256"]}
    assert sorted(path.name for path in (ZOO / NAME).iterdir()) == ["card-linf.json", "seed0.safetensors"]


def test_its_card_holds_there_and_no_longer_if_a_weight_is_altered(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(CARD), "--queries", "4"]) == 0
    assert f"{CARD}: holds" in capsys.readouterr().out
    alter(WEIGHTS)
    assert main(["verify", str(CARD), "--queries", "4"]) == 1
    assert "made for other weights" in capsys.readouterr().err
    with pytest.raises(UserError, match="not what was written: expected SHA-256"):
        robust_dml.load_model(NAME, zoo=ZOO)


def test_what_the_zoo_lacks_is_one_line(filled: Path) -> None:
    with pytest.raises(UserError, match=r"no such model in the zoo: small-natral \(did you mean small-natural\?\)"):
        robust_dml.load_model("small-natral", zoo=ZOO)
    with pytest.raises(UserError, match="the zoo has no seed 7 of it; it has 0"):
        robust_dml.load_model(NAME, seed=7, zoo=ZOO)
    with pytest.raises(UserError, match="the zoo is empty"):
        robust_dml.load_model(NAME, zoo=Path("nothing"))
    WEIGHTS.unlink()
    with pytest.raises(UserError, match=r"seed0.safetensors: no such file"):
        robust_dml.load_model(NAME, zoo=ZOO)


def test_its_names_are_printed(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["zoo", "--out", "zoo"]) == 0
    assert capsys.readouterr().out.split() == [NAME] == zoo_names(ZOO)
    assert main(["zoo", "--out", "nothing"]) == 0
    assert "no model yet" in capsys.readouterr().out


def test_an_unfinished_study_changes_nothing(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = CARD.read_bytes()
    Path("results/small/attacks", MODEL.path, "clean.json").unlink()
    assert main(["zoo", "study.yaml", "--out", "zoo"]) == 1
    assert capsys.readouterr().err.count("\n") == 1 and before == CARD.read_bytes()


def test_a_study_without_the_standard_has_no_cards(study_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("zoo", "cards"):
        assert main([command, str(ROOT / "config/ci.yaml")]) == 1
        assert "ci: no standard attack" in capsys.readouterr().err


def test_a_name_tells_apart_what_the_study_has_several_of() -> None:
    study = load_study(ROOT / "config/ci.yaml")
    assert zoo_name(study, MODEL.model) == "ci-natural"
    two = study.model_copy(update={"losses": {**study.losses, "other": study.losses["triplet"]}})
    assert zoo_name(two, MODEL.model) == "ci-triplet-natural"


def test_the_wheel_carries_it(filled: Path) -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    patterns = tools["setuptools"]["package-data"]["robust_dml"]
    ZOO.rename("models")
    Path("package/zoo").mkdir(parents=True)
    Path("models").rename("package/zoo/models")
    carried = {path for pattern in patterns for path in Path("package").glob(pattern)}
    assert {path.name for path in carried} >= {CARD.name, WEIGHTS.name}


def test_the_face_names_it_without_importing_torch() -> None:
    code = "import sys, robust_dml; assert 'load_model' in dir(robust_dml); sys.exit('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment())
    assert ended.returncode == 0
