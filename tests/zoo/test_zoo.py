"""The zoo: models load by name and hash, and reproduce their cards; it is filled from a study."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

import robust_dml
import robust_dml.zoo.models
from auditing.conftest import finished, study_folder
from auditing.small_study import FOLDER, MODEL
from robust_dml.auditing.verify import verify
from robust_dml.cards.card import About
from robust_dml.config import load_study
from robust_dml.config.resolve import backbone_of
from robust_dml.models.load import load_model
from robust_dml.runtime.errors import UserError
from robust_dml.zoo.models import CARD, WEIGHTS, ZOO, load_card, zoo_names
from robust_dml.zoo.refresh import refresh_zoo

__all__ = ["finished", "study_folder"]


@pytest.mark.parametrize("name", zoo_names())
def test_each_model_loads_and_reproduces_its_card(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    card = load_card(name)
    model = robust_dml.load_model(name)
    size = card.data.size
    assert model(torch.rand(2, 3, size, size)).shape == (2, card.model.embedding)
    found = verify(ZOO / name / CARD, queries=16, device="cpu")
    assert [at.epsilon for at in found] == card.radii and all(at.holds for at in found)


def test_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert zoo_names()
    with pytest.raises(UserError, match=f"the zoo has no model nothing.*{zoo_names()[0]}"):
        robust_dml.load_model("nothing")


def test_it_is_filled_from_a_study(study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zoo = study_folder / "zoo"
    (zoo / "gone").mkdir(parents=True)
    (zoo / "gone" / CARD).touch()
    study = load_study(Path("study.yaml"))
    assert refresh_zoo(study, About(title="small"), zoo) == ["digits-triplet-natural"]
    assert not (zoo / "gone").exists()
    monkeypatch.setattr(robust_dml.zoo.models, "ZOO", zoo)
    images = torch.rand(2, 3, 8, 8)
    expected = load_model(FOLDER / WEIGHTS, backbone_of(study, MODEL)[1])(images)
    assert torch.equal(robust_dml.load_model("digits-triplet-natural")(images), expected)
    shutil.copy(ZOO / zoo_names()[0] / CARD, zoo / "digits-triplet-natural" / CARD)
    (zoo / "digits-triplet-natural" / WEIGHTS).write_bytes(b"other")
    with pytest.raises(UserError, match="not what was written: expected SHA-256"):
        robust_dml.load_model("digits-triplet-natural")
