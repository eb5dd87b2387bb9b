"""The worst case over an ensemble of attacks, put together from their results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.tiny_study import MODEL, MakeStudy, Passes, evaluate, result, shifts
from robust_dml.config.paths import attack_folder
from robust_dml.evaluation.attacked import Attacked
from robust_dml.evaluation.ensemble import worst_case
from robust_dml.evaluation.origin import NOT_STAMPED
from robust_dml.evaluation.planned import attack_digests
from robust_dml.evaluation.score import score_model

ATTACKS: dict[str, Any] = {
    "fgsm": {"optimiser": "fgsm", "objective": "margin", "epsilon": [0.02, 0.03]},
    "pgd": {"optimiser": "pgd", "objective": "attract-negative", "epsilon": [0.02, 0.03], "steps": 3},
    "worst-case": {"optimiser": "worst-case", "epsilon": [0.02, 0.03], "members": ["fgsm", "pgd"]},
}
SETTINGS: dict[str, Any] = {
    "attacks": ATTACKS,
    "evaluation": {"batch": 300, "check_queries": 0, "as_released": False},
    "report": {"headline": "worst-case-0.02", "examples": 5},
}
SHOWN = np.array([1, 4])


def made(values: list[float], norm: float) -> Attacked:
    """Queries with embeddings of one number, right where it is above zero."""
    count = len(values)
    return Attacked(
        positions=np.arange(count),
        embeddings=np.array(values, dtype=np.float32)[:, None],
        norm=np.full(count, norm),
        zero_gradient=np.full(count, norm > 1),
        image_positions=SHOWN,
        images=np.full((2, 3, 1, 1), int(norm), dtype=np.uint16),
        origin=NOT_STAMPED,
    )


def right(embeddings: np.ndarray) -> np.ndarray:
    found: np.ndarray = embeddings[:, 0] > 0  # nan is not
    return found


VALUES = st.lists(st.sampled_from([-1.0, 1.0, float("nan")]), min_size=6, max_size=6)


def naive(clean: list[float], members: list[list[float]], query: int) -> int:
    """The number of the member whose result a query keeps, from 1; 0 where it stays clean."""
    for number, member in enumerate(members, start=1):
        if not member[query] > 0:
            return number
    return len(members) if clean[query] > 0 else 0


@given(
    clean=st.lists(st.sampled_from([-1.0, 1.0]), min_size=6, max_size=6),
    members=st.lists(VALUES, min_size=1, max_size=4),
)
def test_each_query_keeps_the_first_member_that_breaks_it(clean: list[float], members: list[list[float]]) -> None:
    parts = [made(values, number) for number, values in enumerate(members, start=1)]
    found = worst_case(made(clean, 0), parts, right)
    chosen = [naive(clean, members, query) for query in range(6)]
    assert found.norm.tolist() == chosen
    values = [clean, *members]
    np.testing.assert_equal(found.embeddings[:, 0], np.float32([values[chosen[q]][q] for q in range(6)]))
    assert found.zero_gradient.tolist() == [number > 1 for number in chosen]
    assert found.images[:, 0, 0, 0].tolist() == [chosen[query] for query in SHOWN]
    broken_by_any = [any(not member[q] > 0 for member in members) or clean[q] < 0 for q in range(6)]
    assert (~right(found.embeddings)).tolist() == broken_by_any


def test_broken_if_any_member_breaks_it(make_study: MakeStudy) -> None:
    evaluate(make_study(**SETTINGS))
    worst, clean = result("worst-case-0.02")["queries"], result("clean")["queries"]["clean_right"]
    members = [result(name)["queries"]["adversarial_right"] for name in ("fgsm-0.02", "pgd-0.02")]
    assert worst["adversarial_right"] == [all(each) for each in zip(clean, *members, strict=True)]
    assert sum(worst["adversarial_right"]) < min(sum(member) for member in members)
    assert 0 < max(worst["norm"]) <= 0.02 + 1e-6


def test_an_ensemble_is_scored_and_never_attacked(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    study, passes = make_study(**SETTINGS), Passes(monkeypatch)
    evaluate(study)
    assert "worst-case-0.02" not in attack_digests(study)
    assert passes.of(lambda: score_model(study, MODEL)) == 0


def test_examples_are_the_images_of_the_member_that_broke_them(make_study: MakeStudy) -> None:
    evaluate(make_study(**SETTINGS))
    worst = result("worst-case-0.02")["queries"]
    with np.load(attack_folder("tiny", MODEL) / "examples.npz") as file:
        arrays = dict(file)
    norms = [worst["norm"][worst["id"].index(i)] for i in arrays["id"]]
    assert len(norms) == 5
    assert shifts(arrays) == pytest.approx(norms, abs=1e-5)  # images are kept in 65,536 levels
