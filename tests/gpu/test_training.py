"""A training on the device: the same bytes twice and after an interruption, and near float32 in bf16."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from robust_dml.config import Run, Study, load_study
from robust_dml.runtime.files import sha256_of
from robust_dml.training import loop, train
from training.conftest import MakeStudy

RUN = Run("digits", "triplet", "robust", 0)


def model_path(study: Study) -> Path:
    return Path("results") / study.name / "models" / RUN.path / "model.safetensors"


def study_on(make_study: MakeStudy, device: str, **optimisation: object) -> Study:
    path = make_study(optimisation=optimisation)
    return load_study(path).model_copy(update={"device": device})


def trained_hash(study: Study) -> str:
    train(study, RUN)
    found = sha256_of(model_path(study))
    model_path(study).unlink()
    return found


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_same_bytes_twice(precision: str, make_study: MakeStudy, device: str) -> None:
    study = study_on(make_study, device, precision=precision, epochs=2)
    assert trained_hash(study) == trained_hash(study)


def test_an_interrupted_training_ends_in_the_same_bytes(
    make_study: MakeStudy, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_on(make_study, device, epochs=3)
    expected = trained_hash(study)
    end_epoch = loop.end_epoch

    def stop_after_the_first(training: loop.Training, epoch: int) -> None:
        end_epoch(training, epoch)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "end_epoch", stop_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            train(study, RUN)
    assert not model_path(study).exists()
    assert trained_hash(study) == expected


def test_bf16_moves_the_weights_less_than_training_does(make_study: MakeStudy, device: str) -> None:
    weights = {}
    for precision, epochs in (("fp32", 1), ("bf16", 1), ("fp32", 3)):
        study = study_on(make_study, device, precision=precision, epochs=epochs)
        train(study, RUN)
        state = load_file(model_path(study))
        weights[precision, epochs] = torch.cat([state[name].double().flatten() for name in sorted(state)])
        model_path(study).unlink()
    one, half, three = weights["fp32", 1], weights["bf16", 1], weights["fp32", 3]
    assert 0 < (half - one).norm() < (three - one).norm()
