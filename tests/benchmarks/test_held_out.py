"""Trials on validation classes: the mean of weights restated, and recalls that an attack lowers."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import held_out
from robust_dml.config import Run, Study, load_study
from training.conftest import MakeStudy, make_study, prepared_data

__all__ = ["make_study", "prepared_data"]
RUN = Run("digits", "triplet", "natural", 0)


def averaging(file: Path) -> Study:
    study = load_study(file)
    optimisation = study.optimisation.model_copy(update={"average_steps": held_out.AVERAGE_STEPS})
    return study.model_copy(update={"optimisation": optimisation})


def test_recalls_of_last_and_mean_weights(make_study: MakeStudy) -> None:
    found = dict(held_out.trials(averaging(make_study()), RUN, (2, 4, 8)))
    assert set(found) == {"last", "mean"} and found["last"] != found["mean"]
    for recalls in found.values():
        assert 20 < recalls["clean"] <= 100
        assert recalls["clean"] >= recalls["2/255"] >= recalls["4/255"] >= recalls["8/255"]
        assert recalls["clean"] > recalls["8/255"]


def test_the_demo_with_validation_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    study = held_out.study_of("{method: natural}", 3)
    assert study.datasets["patches"].validation == 0.3 and list(study.trainings) == ["own"]
