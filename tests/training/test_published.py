"""The published model: the last weights, or their exponential mean, restated step by step."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from robust_dml.config import Run, Study, load_study
from robust_dml.config.paths import model_folder
from robust_dml.training import published
from robust_dml.training.loop import train
from robust_dml.training.published import PublishedModel
from robust_dml.training.setup import Training

from .conftest import MakeStudy


def model_file(study: Study, run: Run) -> dict[str, Tensor]:
    return load_file(model_folder(study.name, run) / "model.safetensors")


def test_the_mean_restated(make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    study = load_study(make_study(optimisation={"average_steps": 12}))
    seen: list[dict[str, Tensor]] = []
    update = PublishedModel.update

    def noting(self: PublishedModel, steps: Tensor) -> None:
        seen.append({name: weight.detach().clone() for name, weight in self.trained.state_dict().items()})
        update(self, steps)

    expected = {name: weight.clone() for name, weight in Training(study, run).forward.model.state_dict().items()}
    monkeypatch.setattr(PublishedModel, "update", noting)
    train(study, run)
    for number, weights in enumerate(seen, start=1):
        kept = min(11 / 12, number / (number + published.WARM_UP))
        expected = {name: kept * mean + (1 - kept) * weights[name] for name, mean in expected.items()}
    found = model_file(study, run)
    assert found.keys() == expected.keys()
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-5, atol=1e-6)
        assert not torch.equal(found[name], seen[-1][name])


def test_without_a_mean_the_last_weights_are_published(make_study: MakeStudy, run: Run) -> None:
    training = Training(load_study(make_study()), run)
    assert training.published.model is training.forward.model and training.published.folded is training.forward.folded
    assert training.published.state() == {}


def test_a_mean_changes_nothing_of_the_training_itself(make_study: MakeStudy, run: Run) -> None:
    last, averaged = load_study(make_study()), load_study(make_study(optimisation={"average_steps": 12}))
    losses = []
    for study in (last, averaged):
        train(study, run)
        rows = (model_folder(study.name, run) / "history.csv").read_text(encoding="utf-8").splitlines()
        losses.append([row.split(",")[1] for row in rows])
    assert losses[0] == losses[1]
