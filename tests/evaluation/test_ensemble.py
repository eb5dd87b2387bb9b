"""The worst case over an ensemble of attacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluation.conftest import MODEL, MakeStudy
from robust_dml.config.paths import attack_folder
from robust_dml.evaluation import evaluate
from robust_dml.evaluation.attacking import Attack
from robust_dml.evaluation.blocks import Arrays
from robust_dml.runtime.files import read_json

ATTACKS: dict[str, Any] = {
    "fgsm": {"optimiser": "fgsm", "objective": "margin", "epsilon": [0.02, 0.03]},
    "pgd": {"optimiser": "pgd", "objective": "attract-negative", "epsilon": 0.02, "steps": 3},
    "worst-case": {"optimiser": "worst-case", "epsilon": [0.02, 0.03], "members": ["fgsm", "pgd"]},
}


@pytest.fixture
def sizes(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Evaluates a study with a worst case; the queries that each attack was asked about."""
    asked: dict[str, list[int]] = {}
    whole = Attack.__call__

    def counted(self: Attack, positions: np.ndarray) -> Arrays:
        asked.setdefault(f"{self.config.optimiser}-{self.epsilon:g}", []).extend(positions.tolist())
        return whole(self, positions)

    monkeypatch.setattr(Attack, "__call__", counted)
    evaluation = {"batch": 300, "check_queries": 0, "as_released": False}
    evaluate(
        make_study(attacks=ATTACKS, evaluation=evaluation, report={"headline": "worst-case-0.02", "examples": 5}), MODEL
    )
    return asked


def queries(name: str) -> dict[str, Any]:
    result: dict[str, Any] = read_json(attack_folder("tiny", MODEL) / f"{name}.json")["queries"]
    return result


def test_broken_if_any_member_breaks_it(sizes: dict[str, list[int]]) -> None:
    worst, clean = queries("worst-case-0.02"), queries("clean")["clean_right"]
    members = [queries(name)["adversarial_right"] for name in ("fgsm-0.02", "pgd-0.02")]
    assert worst["adversarial_right"] == [all(each) for each in zip(clean, *members, strict=True)]
    assert sum(worst["adversarial_right"]) < min(sum(member) for member in members)
    assert 0 < max(worst["norm"]) <= 0.02 + 1e-6


def test_members_of_the_study_are_not_run_again_and_others_only_on_standing_queries(
    sizes: dict[str, list[int]],
) -> None:
    count = len(queries("clean")["id"])
    assert len(sizes["fgsm-0.02"]) == len(sizes["fgsm-0.03"]) == len(sizes["pgd-0.02"]) == count
    standing = [place for place, right in enumerate(queries("fgsm-0.03")["adversarial_right"]) if right]
    assert sizes["pgd-0.03"] == standing
    assert 0 < len(standing) < count


def test_examples_are_the_images_of_the_member_that_broke_them(sizes: dict[str, list[int]]) -> None:
    worst = queries("worst-case-0.02")
    with np.load(attack_folder("tiny", MODEL) / "examples.npz") as stored:
        arrays = dict(stored)
    shifts = np.abs(arrays["adversarial"] - arrays["clean"] / np.float32(255)).reshape(5, -1).max(1)
    norms = [worst["norm"][worst["id"].index(i)] for i in arrays["id"]]
    assert shifts.tolist() == pytest.approx(norms, abs=1e-6)
