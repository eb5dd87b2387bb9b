"""The model under attack: its clean queries and gallery, and clean embeddings that are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from evaluation.tiny_study import MODEL, MakeStudy, checks, evaluate, result
from robust_dml.config import Study
from robust_dml.config.paths import model_folder
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.target import load_target
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of

ATTACKS: dict[str, Any] = {"pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05, "steps": 2}}
SETTINGS: dict[str, Any] = {"batch": 500, "check_queries": 0, "as_released": False}


def change_weights(study: Study, factor: float) -> None:
    path = model_folder(study.name, MODEL) / "model.safetensors"
    weights = {name: value * factor if "weight" in name else value for name, value in load_file(path).items()}
    save_file(weights, path)


def test_queries_are_the_embedded_test_images_and_their_own_gallery(make_study: MakeStudy) -> None:
    study = make_study()
    target = load_target(study, MODEL)
    assert target.gallery is target.queries
    assert len(target.queries) == len(target.part)
    positions = np.array([3, 0, 11])
    images = target.images(positions)
    assert images.shape == (3, 3, 8, 8) and images.min() >= 0 and images.max() <= 1
    with torch.no_grad():
        torch.testing.assert_close(target.embed(images), target.queries.embeddings[positions])
    assert target.queries.ids.tolist() == [int(i) for i in target.part.ids]
    assert target.model_sha256 == sha256_of(model_folder(study.name, MODEL) / "model.safetensors")


def test_a_collapsed_model_is_evaluated_and_said_to_be_collapsed(make_study: MakeStudy) -> None:
    study = make_study(attacks=ATTACKS, evaluation=SETTINGS, report={"examples": 2})
    change_weights(study, 0.0)  # biases alone: every image at one point
    evaluate(study)
    found = result("pgd-0.05")
    assert found["counts"]["collapsed"] == found["counts"]["zero_gradient"] == found["counts"]["queries"]
    verdicts = {title: finding["verdict"] for title, finding in checks().items()}
    assert verdicts["collapsed embeddings"] == verdicts["queries without a gradient"] == "fail"
    assert max(found["queries"]["norm"]) <= 0.05 + 1e-6


def test_clean_embeddings_that_are_not_numbers_are_one_line(make_study: MakeStudy) -> None:
    study = make_study(attacks=ATTACKS, evaluation=SETTINGS)
    change_weights(study, float("nan"))
    with pytest.raises(UserError, match="not finite") as error:
        attack_model(study, MODEL)
    assert "\n" not in str(error.value)
