"""The verdicts of the sanity checks, as functions of made-up results, and on a real model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evaluation.tiny_study import MODEL, STUDY, MakeStudy, checks, evaluate
from robust_dml.config import Run, Study
from robust_dml.config.evaluation import attacks_of
from robust_dml.evaluation.check_inputs import CheckedResult, CheckInputs, Finding, references
from robust_dml.evaluation.outcome import Outcome
from robust_dml.evaluation.planned import checks as all_checks
from robust_dml.evaluation.planned import extra_runs
from robust_dml.evaluation.result import Counts

RUN = Run("digits", "triplet", "robust", 0)
QUERIES = 10_000
EXTRA = {"epsilon": 0.0, "steps": 0.3, "restarts": 0.3, "optimiser": 0.8, "effort": 0.3}
STANDARD = {"linf": [0.05, 0.1]}
STANDARD_RECALLS = {"standard-v1-0.05": 0.4, "standard-v1-0.1": 0.3}
RECALLS = {
    "noise-0.1": 0.88,
    "fgsm-0.1": 0.5,
    "pgd-0.05": 0.6,
    "pgd-0.1": 0.3,
    "square-0.1": 0.6,
    "transfer-0.1": 0.8,
}
OPTIONS: dict[str, dict[str, Any]] = {"transfer": {"source": "natural"}, "fgsm": {}, "r-fgsm": {}}


def outcome(recall: float, queries: int = QUERIES) -> Outcome:
    """Of independent queries the first are right: what a weaker attack breaks, a stronger one breaks too."""
    return Outcome(np.arange(queries) < round(recall * queries), np.arange(queries))


def counts(**shares: float) -> Counts:
    """Counts that are these shares of the queries, none if a share is not given."""
    given = {name: round(share * QUERIES) for name, share in shares.items()}
    return Counts(queries=QUERIES, scored=QUERIES, **{"nan": 0, "zero_gradient": 0, "collapsed": 0, **given})


def study_of(labels: Mapping[str, float], settings: Mapping[str, Any], **sections: Any) -> Study:
    """A study with these attacks, each by the optimiser of its name, two steps, and all its radii."""
    attacks: dict[str, Any] = {}
    if any(label.startswith("standard") for label in labels):
        attacks["standard"] = STANDARD
    for label in (label for label in labels if not label.startswith("standard")):
        name, _, epsilon = label.rpartition("-")
        steps = {} if name in ("fgsm", "r-fgsm") else {"steps": 2}
        attack = attacks.setdefault(name, {"optimiser": name, **steps, **OPTIONS.get(name, {}), "epsilon": []})
        attack["epsilon"].append(float(epsilon))
        attack.update(settings.get(name, {}))
    content = {**STUDY, "trainings": {name: {"method": name} for name in ("natural", "robust")}, "report": {}}
    return Study(**{**content, "attacks": attacks, **sections})


def inputs(
    recalls: Mapping[str, float] = RECALLS,
    *,
    shares: Mapping[str, Mapping[str, float]] | None = None,
    extra: Mapping[str, float] | None = None,
    settings: Mapping[str, Any] | None = None,
    run: Run = RUN,
    queries: int = QUERIES,
    broken_by: Mapping[str, int] | None = None,
    deviation: float = 0.0,
    **sections: Any,
) -> CheckInputs:
    """Made-up results: recall@1 by label, and by what an extra run changes."""
    study = study_of(recalls, settings or {}, **sections)
    results = [
        CheckedResult(
            at,
            outcome(recalls[at.label]),
            outcome(0.3, queries),
            counts(**(shares or {}).get(at.label, {})),
            broken_by or {},
        )
        for at in attacks_of(study)
    ]
    changed = {**EXTRA, **(extra or {})}
    runs = {at.label: outcome(changed[at.changes[0][0]], queries) for at in extra_runs(study, run) if at.config}
    return CheckInputs(
        study,
        run,
        results,
        clean=outcome(0.9),
        chance=0.1,
        extra=runs,
        clean_counts=counts(),
        deviation=np.full(4 if study.evaluation.check_queries else 0, deviation),
    )


def finding(given: CheckInputs, title: str) -> Finding:
    (check,) = [check for check in all_checks() if check.title == title]
    return check.run(given)


def test_a_sound_study_passes_every_check() -> None:
    given = inputs({**RECALLS, **STANDARD_RECALLS})
    assert {check.title: check.run(given).verdict for check in all_checks()} == {
        check.title: "pass" for check in all_checks()
    }


@pytest.mark.parametrize(
    ("title", "label", "recall", "shares", "taints"),
    [
        ("R@1 falls with epsilon", "pgd-0.2", 0.35, {}, ["pgd-0.2"]),
        ("R@1 falls with epsilon", "apgd-0.1", 0.95, {}, ["apgd-0.1"]),
        ("iterative at least as strong as one step", "r-fgsm-0.1", 0.2, {}, ["pgd-0.1"]),
        ("gradient-free weaker than white-box", "square-0.05", 0.4, {}, ["pgd-0.05"]),
        ("transfer weaker than white-box", "transfer-0.05", 0.4, {}, ["pgd-0.05"]),
        ("noise weaker than white-box", "noise-0.05", 0.4, {}, ["pgd-0.05"]),
        ("queries without a gradient", "pgd-0.2", 0.2, {"zero_gradient": 0.2}, ["pgd-0.2"]),
        ("values that are not finite", "pgd-0.2", 0.2, {"nan": 0.001}, ["pgd-0.2"]),
        ("collapsed embeddings", "pgd-0.2", 0.2, {"collapsed": 1.0}, ["pgd-0.2"]),
    ],
)
def test_a_result_that_fails(
    title: str, label: str, recall: float, shares: dict[str, float], taints: list[str]
) -> None:
    found = finding(inputs({**RECALLS, label: recall}, shares={label: shares}), title)
    assert (found.verdict, list(found.taints)) == ("fail", taints)
    assert all(taint in found.why for taint in taints)


@pytest.mark.parametrize(
    ("title", "extra"),
    [
        ("R@1 near zero at large epsilon", {"epsilon": 0.2}),
        ("doubling the steps", {"steps": 0.28}),
        ("doubling the restarts", {"restarts": 0.1}),
    ],
)
def test_an_extra_run_that_fails_taints_every_radius_of_its_attack(title: str, extra: dict[str, float]) -> None:
    found = finding(inputs(extra=extra), title)
    assert (found.verdict, list(found.taints)) == ("fail", ["pgd-0.05", "pgd-0.1"])


def test_doubling_fails_beyond_a_point_and_its_sampling_error() -> None:
    """Of 256 queries, 1.6 points are 4 queries: a point is within their error. Of 10,000 it is not."""
    assert finding(inputs(extra={"steps": 0.2901}), "doubling the steps").verdict == "pass"
    assert finding(inputs(extra={"steps": 0.284}), "doubling the steps").verdict == "fail"
    assert finding(inputs(extra={"steps": 0.284}, queries=256), "doubling the steps").verdict == "pass"
    assert finding(inputs(extra={"steps": 0.2}, queries=256), "doubling the steps").verdict == "fail"


@pytest.mark.parametrize(
    ("title", "changes"),
    [
        ("standard: converged", {"extra": {"effort": 0.27}}),
        ("standard: above the noise floor", {"extra": {"optimiser": 0.2}}),
        ("standard: gradients lead", {"broken_by": {"margin": 5000, "square": 300}}),
        ("standard: gradients lead", {"broken_by": {"margin": 5000, "transfer": 300}}),
        ("two passes agree", {"deviation": 0.01}),
        ("two passes agree", {"deviation": np.inf}),
        ("two passes agree", {"deviation": np.nan}),
    ],
)
def test_a_gate_that_fails_taints_every_radius_of_the_standard(title: str, changes: dict[str, Any]) -> None:
    found = finding(inputs(STANDARD_RECALLS, **changes), title)
    assert found.verdict == "fail" and set(STANDARD_RECALLS) <= set(found.taints)


def test_gates_of_the_standard_need_the_standard() -> None:
    for title in ("standard: converged", "standard: above the noise floor", "standard: gradients lead"):
        assert finding(inputs(), title).why == "the study does not run the standard protocol"


def test_chance_is_allowed_at_a_large_radius() -> None:
    title = "R@1 near zero at large epsilon"
    assert finding(inputs(extra={"epsilon": 0.1}), title).verdict == "pass"
    assert finding(replace(inputs(extra={"epsilon": 0.06}), chance=0.01), title).verdict == "fail"
    assert finding(replace(inputs(extra={"epsilon": 0.06}, queries=100), chance=0.01), title).verdict == "pass"
    assert finding(replace(inputs(extra={"epsilon": 0.05}), chance=0.01), title).verdict == "pass"


def test_extra_runs_stand_in_for_attacks_that_the_study_lacks() -> None:
    alone = inputs({"pgd-0.1": 0.3}, extra={"optimiser": 0.2})
    assert list(finding(alone, "iterative at least as strong as one step").taints) == ["pgd-0.1"]
    assert list(finding(alone, "noise weaker than white-box").taints) == ["pgd-0.1"]


def test_an_attack_of_the_study_stands_in_for_an_extra_run() -> None:
    """PGD with twice the steps is an attack of the study: its queries of the checks are compared."""
    recalls, settings = {"pgd-0.1": 0.3, "pgd4-0.1": 0.2}, {"pgd4": {"optimiser": "pgd", "steps": 4}}
    given = inputs(recalls, settings=settings, report={"headline": "pgd-0.1"})
    assert "pgd-0.1,steps=4" not in given.extra
    results = [replace(r, sample=outcome(0.28)) if r.label == "pgd4-0.1" else r for r in given.results]
    assert list(finding(replace(given, results=results), "doubling the steps").taints) == ["pgd-0.1"]
    assert finding(given, "doubling the steps").verdict == "pass"


def test_different_balls_are_not_compared() -> None:
    other = inputs({"pgd-0.1": 0.5, "square-0.1": 0.1}, settings={"square": {"norm": "l2"}})
    assert finding(other, "gradient-free weaker than white-box").verdict == "not run"


def test_what_cannot_be_judged_says_why() -> None:
    without = inputs(evaluation={"check_queries": 0})
    for title in ("doubling the steps", "doubling the restarts", "R@1 near zero at large epsilon"):
        found = finding(without, title)
        assert (found.verdict, found.why) == ("not run", "evaluation.check_queries is 0")
    itself = inputs(run=RUN._replace(training="natural"))
    assert "very training" in finding(itself, "transfer weaker than white-box").why
    nothing = inputs({})
    assert [check.title for check in all_checks() if check.wants(nothing.study, RUN)] == ["two passes agree"]
    assert finding(nothing, "doubling the steps").verdict == "not run"


def trained_at(epsilon: float, norm: str = "linf") -> dict[str, Any]:
    """Trainings whose attack has this radius."""
    return {
        "natural": {"method": "natural"},
        "robust": {"method": "robust", "attack": {"epsilon": epsilon, "norm": norm}},
    }


def test_each_attack_is_doubled_at_the_radius_of_the_trainings() -> None:
    given = inputs({**RECALLS, "apgd-0.1": 0.2}, trainings=trained_at(0.09))
    assert [at.label for at in references(given.study)] == ["pgd-0.1", "apgd-0.1"]
    asked = [at.changes for at in extra_runs(given.study, RUN)]
    assert asked.count((("steps", 4),)) == 2
    (large,) = [at for at in extra_runs(given.study, RUN) if at.changes == (("epsilon", "large"),)]
    assert large.epsilon == 0.5


def test_points_of_a_steps_curve_are_not_doubled() -> None:
    settings = {
        "pgd20": {"optimiser": "pgd", "steps": 20},
        "margin": {"optimiser": "pgd", "steps": 20, "objective": "margin"},
    }
    recalls = {**RECALLS, "pgd20-0.1": 0.2, "margin-0.1": 0.2}
    found = [
        [at.label for at in references(study_of(recalls, settings, trainings=trained_at(epsilon), report=report))]
        for epsilon in (0.1, 0.01)
        for report in ({}, {"headline": "pgd-0.1"}, {"headline": "pgd20-0.1"})
    ]
    assert found == [["pgd-0.1", "margin-0.1"]] * 3 + [["pgd-0.05", "margin-0.1"]] * 3


def test_a_training_in_another_norm_chooses_no_radius() -> None:
    assert [at.label for at in references(study_of(RECALLS, {}, trainings=trained_at(0.1, "l2")))] == ["pgd-0.05"]


def test_checks_of_a_model(make_study: MakeStudy) -> None:
    attacks = {
        "fgsm": {"optimiser": "fgsm", "objective": "repel-self", "epsilon": 0.05},
        "pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": [0.05, 0.1], "steps": 8},
    }
    evaluate(make_study(attacks=attacks, report={"headline": "pgd-0.1", "examples": 0}), MODEL)
    found = checks()
    assert list(found) == [check.title for check in all_checks()]
    zero = found["queries without a gradient"]
    assert (zero["verdict"], zero["observed"], zero["taints"]) == ("fail", 1.0, ["fgsm-0.05"])
    for title in ("R@1 falls with epsilon", "R@1 near zero at large epsilon", "noise weaker than white-box"):
        assert found[title]["verdict"] == "pass"
    assert found["gradient-free weaker than white-box"]["verdict"] == "not run"
