"""Models that fail: embeddings that are not numbers, or all in one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from evaluation.conftest import MODEL, MakeStudy
from robust_dml.config.paths import attack_folder, model_folder
from robust_dml.evaluation import evaluate
from robust_dml.evaluation.attacking import Attack
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import read_json

ATTACKS: dict[str, Any] = {"pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05, "steps": 2}}
SETTINGS: dict[str, Any] = {"batch": 500, "check_queries": 0, "as_released": False}


def result(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_json(attack_folder("tiny", MODEL) / f"{name}.json")
    return found


def test_attacked_queries_that_are_not_numbers_are_counted_and_scored_clean(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Attack._embed

    def broken(self: Attack, images: torch.Tensor) -> np.ndarray:
        embeddings = whole(self, images)
        embeddings[:3] = np.nan
        return embeddings

    monkeypatch.setattr(Attack, "_embed", broken)
    study = make_study(attacks=ATTACKS, evaluation=SETTINGS, report={"examples": 0})
    evaluate(study, MODEL)
    found = result("pgd-0.05")
    assert found["counts"]["nan"] == 6  # three in each of two batches
    queries = found["queries"]
    assert queries["adversarial_right"][:3] == queries["clean_right"][:3]
    assert queries["shift"][:3] == [0.0] * 3
    (check,) = [c for c in result("checks")["checks"] if c["check"] == "values that are not finite"]
    assert (check["verdict"], check["taints"]) == ("fail", ["pgd-0.05"])


def change_weights(study: Any, factor: float) -> None:
    path = model_folder(study.name, MODEL) / "model.safetensors"
    weights = {name: value * factor if "weight" in name else value for name, value in load_file(path).items()}
    save_file(weights, path)


def test_a_collapsed_model_is_evaluated_and_said_to_be_collapsed(make_study: MakeStudy) -> None:
    study = make_study(attacks=ATTACKS, evaluation=SETTINGS, report={"examples": 2})
    change_weights(study, 0.0)  # biases alone: every image at one point
    evaluate(study, MODEL)
    found = result("pgd-0.05")
    assert found["counts"]["collapsed"] == found["counts"]["zero_gradient"] == found["counts"]["queries"]
    verdicts = {c["check"]: c["verdict"] for c in result("checks")["checks"]}
    assert verdicts["collapsed embeddings"] == verdicts["queries without a gradient"] == "fail"
    assert max(found["queries"]["norm"]) <= 0.05 + 1e-6


def test_clean_embeddings_that_are_not_numbers_are_one_line(make_study: MakeStudy) -> None:
    study = make_study(attacks=ATTACKS, evaluation=SETTINGS)
    change_weights(study, float("nan"))
    with pytest.raises(UserError, match="not finite"):
        evaluate(study, MODEL)
