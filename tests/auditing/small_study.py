"""A study of digits whose models the standard protocol has attacked, from start to metrics.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from checkout import ROOT
from robust_dml.config import Run, Study, load_study
from robust_dml.config.resolve import runs
from robust_dml.data.index.build import build_index
from robust_dml.data.store.build import build_store
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.collect import collect
from robust_dml.evaluation.score import score_model
from robust_dml.training import train

MODEL = Run("digits", "triplet", "natural", 0)
FOLDER = Path("results/small/models/digits/triplet/natural/seed0")


def content() -> dict[str, Any]:
    """Return the study: that of the tests with fewer queries, under the standard protocol."""
    of_tests = yaml.safe_load((ROOT / "config/ci.yaml").read_text())
    changes = {
        "name": "small",
        "trainings": {"natural": {"method": "natural"}},
        "attacks": {"standard": {"linf": ["8/255", 0.1]}},
        "evaluation": {"queries": 60, "check_queries": 20},
        "report": {},
    }
    return {**of_tests, **changes}


def run_study(folder: Path) -> Study:
    """Write study.yaml into the working folder `folder` and run it, but for the report."""
    (folder / "study.yaml").write_text(yaml.safe_dump(content(), sort_keys=False))
    study = load_study(folder / "study.yaml")
    build_index(study.datasets["digits"], study.data_root, study.sources, workers=1)
    build_store(study.datasets["digits"], study.data_root, workers=1)
    for run in runs(study):
        train(study, run)
        attack_model(study, run)
        score_model(study, run)
    collect(study)
    return study
