"""A study of digits whose two models have random weights; its data are prepared once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import save_file

from evaluation.tiny_study import STUDY, MakeStudy
from robust_dml.config import Study, load_study
from robust_dml.config.paths import model_folder
from robust_dml.config.resolve import backbone_of, runs
from robust_dml.data.index.build import build_index
from robust_dml.data.store.build import build_store
from robust_dml.models import build_model


@pytest.fixture(scope="session")
def prepared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the digits of STUDY."""
    data_root = tmp_path_factory.mktemp("data")
    study = Study(**STUDY)
    build_index(study.datasets["digits"], data_root, study.sources, workers=1)
    build_store(study.datasets["digits"], data_root, workers=1)
    return data_root


@pytest.fixture
def make_study(prepared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeStudy:
    """Makes study.yaml, with sections of STUDY replaced, and its models in a fresh working folder."""
    monkeypatch.chdir(tmp_path)

    def make(**sections: Any) -> Study:
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump({**STUDY, "data_root": str(prepared_data), **sections}), encoding="utf-8")
        study = load_study(path)
        for number, run in enumerate(runs(study)):
            model = build_model(backbone_of(study, run)[1], seed=number, data_root=study.data_root)
            model_folder(study.name, run).mkdir(parents=True, exist_ok=True)
            save_file(model.state_dict(), model_folder(study.name, run) / "model.safetensors")
        return study

    return make
