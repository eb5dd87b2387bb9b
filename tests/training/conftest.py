"""A study of digits, prepared once, whose trainings take a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from robust_dml.config import Run, Study, load_study
from robust_dml.data.index.build import build_index
from robust_dml.data.store.build import build_store

STUDY: dict[str, Any] = {
    "name": "tiny",
    "device": "cpu",
    "seeds": [0],
    "datasets": {
        "digits": {
            "kind": "digits",
            "transform": {"size": 8, "resize": 8, "flip": 0.0},
            "validation": 0.4,
            "backbone": "small",
        }
    },
    "backbones": {"small": {"kind": "convnet", "widths": [16], "embedding": 8}},
    "losses": {"triplet": {"kind": "triplet"}, "contrastive": {"kind": "contrastive"}},
    "optimisation": {
        "epochs": 3,
        "learning_rate": 0.003,
        "classes_per_batch": 3,
        "samples_per_class": 30,
    },
    "trainings": {
        "natural": {"method": "natural"},
        "robust": {
            "method": "robust",
            "perturb": "anchor",
            "attack_rate": 0.7,
            "attack": {"epsilon": 0.05, "steps": 2},
        },
        "joint": {"method": "joint", "attack": {"epsilon": 0.05, "steps": 2}},
        "visualphishnet": {"method": "visualphishnet", "epsilon": [0.02, 0.05]},
    },
    "attacks": {"pgd": {"optimiser": "pgd", "epsilon": 0.05, "steps": 2}},
}

MakeStudy = Callable[..., Path]


@pytest.fixture(scope="session")
def prepared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the digits of STUDY."""
    data_root = tmp_path_factory.mktemp("data")
    config = Study(**STUDY).datasets["digits"]
    build_index(config, data_root, Study(**STUDY).sources, workers=1)
    build_store(config, data_root, workers=1)
    return data_root


@pytest.fixture
def make_study(prepared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeStudy:
    """Writes study.yaml into a fresh working folder, with sections of STUDY changed; returns its path."""
    monkeypatch.chdir(tmp_path)

    def make(**changes: dict[str, Any]) -> Path:
        content = {**STUDY, "data_root": str(prepared_data)}
        for section, change in changes.items():
            content[section] = {**content.get(section, {}), **change}
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return make


@pytest.fixture
def study(make_study: MakeStudy) -> Study:
    return load_study(make_study())


@pytest.fixture
def run() -> Run:
    return Run("digits", "triplet", "robust", 0)
