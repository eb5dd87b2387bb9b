"""Training in bf16 moves adversarial recall@1 no more than drawing the noise of the attack anew does."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from robust_dml.config import Run, load_study
from robust_dml.training import step as step_module
from robust_dml.training import train
from training.conftest import MakeStudy

SETTINGS = {
    "backbones": {"small": {"kind": "convnet", "widths": [8, 16, 32], "embedding": 32}},
    "trainings": {"robust": {"method": "robust", "perturb": "positive", "attack": {"epsilon": 0.05, "steps": 3}}},
}
OPTIMISATION = {"epochs": 12, "validate_every": 12, "learning_rate": 0.001, "samples_per_class": 20}


def adversarial_recall(make_study: MakeStudy, run: Run, precision: str) -> float:
    study = load_study(make_study(**SETTINGS, optimisation={**OPTIMISATION, "precision": precision}))
    train(study, run)
    path = Path("results") / study.name / "models" / run.path / "history.csv"
    with path.open(encoding="utf-8") as stream:
        return float(list(csv.DictReader(stream))[-1]["adversarial_recall@1"])


@pytest.mark.slow
def test_within_the_spread_of_the_noise(make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = adversarial_recall(make_study, run, "fp32")
    half = adversarial_recall(make_study, run, "bf16")
    sample_seeds = step_module.sample_seeds

    def redrawn(draw: int) -> float:
        monkeypatch.setattr(step_module, "sample_seeds", lambda ids, *path: sample_seeds(ids, *path, draw))
        return adversarial_recall(make_study, run, "fp32")

    assert any(abs(half - reference) <= abs(redrawn(draw) - reference) for draw in range(4))
