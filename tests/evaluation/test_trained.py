"""A model is the one that its training recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.config.paths import model_folder
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.trained import verified_model
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of
from robust_dml.runtime.sealed import write_sealed


def recorded(study_name: str, sha256: str | None) -> Path:
    path = model_folder(study_name, MODEL) / "model.safetensors"
    write_sealed(path.with_name("run.json"), {"model_sha256": sha256} if sha256 else {})
    return path


def test_the_recorded_model_is_taken(make_study: MakeStudy) -> None:
    study = make_study()
    path = model_folder(study.name, MODEL) / "model.safetensors"
    assert verified_model(study, MODEL) == (path, sha256_of(path))  # a model without a record
    recorded(study.name, sha256_of(path))
    assert verified_model(study, MODEL) == (path, sha256_of(path))


@pytest.mark.parametrize("sha256", ["0" * 64, None])
def test_another_model_is_one_line(sha256: str | None, make_study: MakeStudy) -> None:
    study = make_study()
    recorded(study.name, sha256)
    with pytest.raises(UserError, match=r"not the model that was trained: .* expects SHA-256") as error:
        attack_model(study, MODEL)
    assert "\n" not in str(error.value)


def test_a_damaged_record_is_one_line(make_study: MakeStudy) -> None:
    study = make_study()
    recorded(study.name, None).with_name("run.json").write_text("[1")
    with pytest.raises(UserError, match=r"run\.json: ") as error:
        verified_model(study, MODEL)
    assert "\n" not in str(error.value)
