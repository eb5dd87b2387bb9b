"""Models that are not trained here: their files are those of a training, with the hash of the user's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors import safe_open

from config.test_load import STUDIES
from robust_dml.config import Run, Study
from robust_dml.config.digests import user_files
from robust_dml.config.paths import model_folder
from robust_dml.data.index.build import build_index
from robust_dml.data.store.build import build_store
from robust_dml.evaluation.trained import verified_model
from robust_dml.report.results import Results
from robust_dml.runtime.sealed import write_sealed
from robust_dml.training import train

OWN = """
import torch

def build():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 4))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own_network.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(**models: Any) -> Study:
    return Study(**{**yaml.safe_load((STUDIES / "ci.yaml").read_text()), "models": models})


def written(of: Study, name: str) -> Path:
    run = Run("digits", "none", name, 0)
    build_index(of.datasets["digits"], of.data_root, of.sources, workers=1)
    build_store(of.datasets["digits"], of.data_root, workers=1)
    train(of, run)
    path, _ = verified_model(of, run)
    assert Results(of).history(run) == []
    return path


def code_in(path: Path) -> str | None:
    with safe_open(path, "pt") as stored:
        return (stored.metadata() or {}).get("code")


def test_the_users_code_is_in_the_hash_of_an_encoder() -> None:
    of = study(own={"encoder": "own_network:build"}, pixels={"kind": "pixels"})
    assert [code_in(written(of, "own"))] == user_files(of.models["own"])
    assert code_in(written(of, "pixels")) is None


def test_a_trained_model_keeps_its_bytes() -> None:
    of = study(random={"backbone": "tiny"})
    path = written(of, "random")
    write_sealed(path.parent / "run.json", {"settings": {"backbone": of.models["random"].model_dump(mode="json")}})
    again = study(again={"encoder": str(path.parent)})
    assert written(again, "again").read_bytes() == path.read_bytes()
    assert model_folder("ci", Run("digits", "none", "again", 0)) != path.parent
