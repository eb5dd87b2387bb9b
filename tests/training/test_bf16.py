"""Training in bf16 moves recall@1, clean and adversarial, no more than other draws of the noise do."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from robust_dml.config import Run, load_study
from robust_dml.training import step as step_module
from robust_dml.training import train
from training.conftest import MakeStudy

SETTINGS = {
    "backbones": {"small": {"kind": "convnet", "widths": [8, 16, 32], "embedding": 32}},
    "trainings": {
        "natural": {"method": "natural", "attack": {"epsilon": 0.05, "steps": 3}},
        "robust": {"method": "robust", "perturb": "positive", "attack": {"epsilon": 0.05, "steps": 3}},
    },
}
OPTIMISATION = {"epochs": 12, "validate_every": 12, "learning_rate": 0.001, "samples_per_class": 20}
DRAWS = 4


def recalls(make_study: MakeStudy, run: Run, precision: str) -> torch.Tensor:
    """Clean and adversarial recall@1 after the last epoch, (2,)."""
    study = load_study(make_study(**SETTINGS, optimisation={**OPTIMISATION, "precision": precision}))
    train(study, run)
    path = Path("results") / study.name / "models" / run.path / "history.csv"
    with path.open(encoding="utf-8") as stream:
        last = list(csv.DictReader(stream))[-1]
    return torch.tensor([float(last["recall@1"]), float(last["adversarial_recall@1"])])


@pytest.mark.slow
@pytest.mark.parametrize("training", ["natural", "robust"])
def test_within_the_spread_of_the_noise(
    training: str, make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The noise is what a step draws: which tuples are mined, and where the attack starts."""
    run = run._replace(training=training)
    reference = recalls(make_study, run, "fp32")
    shift = (recalls(make_study, run, "bf16") - reference).abs()
    sample_seeds, torch_generator = step_module.sample_seeds, step_module.torch_generator
    redrawn = torch.zeros(2)
    for draw in range(DRAWS):
        monkeypatch.setattr(step_module, "sample_seeds", lambda ids, *path, draw=draw: sample_seeds(ids, *path, draw))
        monkeypatch.setattr(step_module, "torch_generator", lambda *path, draw=draw: torch_generator(*path, draw))
        redrawn = torch.maximum(redrawn, (recalls(make_study, run, "fp32") - reference).abs())
        if (shift <= redrawn).all():
            return
    raise AssertionError(f"bf16 moves recall@1 (clean, adversarial) by {shift}, other draws by at most {redrawn}")
