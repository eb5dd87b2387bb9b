"""Trials on validation classes: the mean of weights restated, and recalls that an attack lowers."""

from __future__ import annotations

import pytest
import torch

from benchmarks import held_out
from robust_dml.config import Run, load_study
from robust_dml.training.setup import Training
from training.conftest import MakeStudy, make_study, prepared_data

__all__ = ["make_study", "prepared_data"]
RUN = Run("digits", "triplet", "natural", 0)


def test_recalls_of_last_and_mean_weights(make_study: MakeStudy) -> None:
    found = dict(held_out.trials(load_study(make_study()), RUN))
    assert set(found) == {"last", "mean"} and found["last"] != found["mean"]
    for recalls in found.values():
        assert 20 < recalls["clean"] <= 100
        assert recalls["clean"] >= recalls["2/255"] >= recalls["4/255"] >= recalls["8/255"]
        assert recalls["clean"] > recalls["8/255"]


def test_the_mean_of_weights_restated(make_study: MakeStudy) -> None:
    training = Training(load_study(make_study()), RUN)
    name, weight = next(iter(training.forward.model.named_parameters()))
    seen, step = [weight.detach().clone()], training.optimiser.step

    def noting() -> None:
        step()
        seen.append(weight.detach().clone())

    training.optimiser.step = noting  # type: ignore[method-assign]
    averaged = held_out.train(training)[name]
    expected = seen[0]
    for count, now in enumerate(seen[1:], start=1):
        decay = min(0.99, count / (count + 10))
        expected = decay * expected + (1 - decay) * now
    torch.testing.assert_close(averaged, expected)


def test_the_demo_with_validation_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    study = held_out.study_of("{method: natural}")
    assert study.datasets["patches"].validation == 0.3 and list(study.trainings) == ["own"]
