"""A study of digits whose models have random weights, what is read of its results, and a count of forward passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from robust_dml.config import Run, Study, load_study
from robust_dml.config.evaluation import AttackAt, attacks_of
from robust_dml.config.paths import attack_folder, attacked_path
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.attacked import Attacked, load_attacked
from robust_dml.evaluation.planned import attack_digests
from robust_dml.evaluation.score import score_model
from robust_dml.models.folding import FrozenEmbedding
from robust_dml.runtime.files import read_json

STUDY: dict[str, Any] = {
    "name": "tiny",
    "device": "cpu",
    "datasets": {
        "digits": {
            "kind": "digits",
            "transform": {"size": 8, "resize": 8, "train_side": 8, "flip": 0.0},
            "backbone": "small",
        }
    },
    "backbones": {"small": {"kind": "convnet", "widths": [4, 8], "embedding": 8}},
    "losses": {"triplet": {"kind": "triplet"}},
    "trainings": {"natural": {"method": "natural"}, "other": {"method": "natural"}},
    "attacks": {
        "fgsm": {"optimiser": "fgsm", "epsilon": 0.02},
        "pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": [0.02, 0.05], "steps": 3},
    },
    "evaluation": {"batch": 300, "block": 500, "check_queries": 40},
    "report": {"headline": "pgd-0.05", "examples": 4},
}
MODEL = Run("digits", "triplet", "natural", 0)

MakeStudy = Callable[..., Study]


def evaluate(study: Study, run: Run = MODEL) -> None:
    """Attack a model and score it."""
    attack_model(study, run)
    score_model(study, run)


def result(label: str) -> dict[str, Any]:
    """Read a JSON file of the model."""
    found: dict[str, Any] = read_json(attack_folder("tiny", MODEL) / f"{label}.json")
    return found


def stored_path(label: str, run: Run = MODEL) -> Path:
    """Return the file of the attacked queries of a model, under the settings of study.yaml."""
    study = load_study(Path("study.yaml"))
    return attacked_path(study.name, run, attack_digests(study)[label])


def stored(label: str) -> Attacked:
    """Read the attacked queries of the model."""
    return load_attacked(stored_path(label))


def attack_at(study: Study, label: str) -> AttackAt:
    """Return an attack of the study by its label."""
    return next(at for at in attacks_of(study) if at.label == label)


def checks() -> dict[str, dict[str, Any]]:
    """Read what each check found, by its title."""
    return {finding["check"]: finding for finding in result("checks")["checks"]}


def shifts(examples: dict[str, np.ndarray]) -> list[float]:
    """Return the largest change of a pixel of each example."""
    difference = examples["adversarial"] - examples["clean"] / np.float32(255)
    found: list[float] = np.abs(difference).reshape(len(difference), -1).max(1).tolist()
    return found


class Passes:
    """Counts the images that go through the network under attack: 1 forward, 1 backward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0.0
        whole = FrozenEmbedding.__call__

        def counted(embed: Any, images: Tensor) -> Any:
            self.add(len(images))
            embeddings = whole(embed, images)
            if embeddings.requires_grad:
                embeddings.register_hook(lambda gradient: self.add(len(images)))
            return embeddings

        monkeypatch.setattr(FrozenEmbedding, "__call__", counted)

    def add(self, images: int) -> None:
        self.count += images

    def of(self, work: Callable[[], object]) -> float:
        """Return the passes that some work takes."""
        before = self.count
        work()
        return self.count - before
