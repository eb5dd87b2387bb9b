"""The verdicts of the sanity checks, on made-up results and on a real model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.conftest import MODEL, MakeStudy
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.paths import attack_folder
from robust_dml.evaluation import evaluate
from robust_dml.evaluation.blocks import Arrays, Blocks, Work
from robust_dml.evaluation.checks import CHECKS, Facts, Result, run_checks
from robust_dml.runtime.files import read_json

SOUND = {"zero_gradient": 0.0, "nan": 0.0, "collapsed": 0.0}


def result(name: str, epsilon: float, recall: float, counts: dict[str, float] | None = None, **config: Any) -> Result:
    settings = {"optimiser": name, "steps": 2, "epsilon": epsilon, **config}
    return Result(f"{name}-{epsilon:g}", name, AttackConfig(**settings), epsilon, recall, {**SOUND, **(counts or {})})


class Trials:
    """Recall of the attacks as they are, and what each kind of change makes of it."""

    def __init__(self, recalls: dict[str, float], changed: dict[str, float]) -> None:
        self.recalls, self.changes = recalls, changed
        self.asked: list[dict[str, Any]] = []

    def recall(self, label: str) -> float:
        return self.recalls[label]

    def changed(self, label: str, config: AttackConfig, radius: float, **changes: Any) -> float:
        self.asked.append(changes)
        return self.changes[next(iter(changes))]


def facts(*results: Result, **changed: Any) -> Facts:
    good = {"epsilon": 0.0, "steps": 0.3, "restarts": 0.3, "optimiser": 0.8}
    recalls = {r.label: 0.3 for r in results}
    trials: Any = Trials(recalls, {**good, **changed})
    return Facts("robust", results, clean=0.9, chance=0.1, pixels=100, headline=None, trials=trials)


def verdict(given: Facts, name: str) -> dict[str, Any]:
    (found,) = [finding for finding in run_checks(given) if finding["check"] == name]
    return found


SOUND_STUDY = (
    result("noise", 0.1, 0.88),
    result("fgsm", 0.1, 0.5),
    result("pgd", 0.05, 0.6),
    result("pgd", 0.1, 0.3),
    result("square", 0.1, 0.6),
    result("transfer", 0.1, 0.8, source="natural"),
)


def test_a_sound_study_passes_every_check() -> None:
    findings = run_checks(facts(*SOUND_STUDY))
    assert [finding["check"] for finding in findings] == list(CHECKS)
    assert {finding["verdict"] for finding in findings} == {"pass"}


@pytest.mark.parametrize(
    ("check", "worse", "taints"),
    [
        ("R@1 falls with epsilon", result("pgd", 0.2, 0.35), ["pgd-0.2"]),
        ("R@1 falls with epsilon", result("apgd", 0.1, 0.95), ["apgd-0.1"]),
        ("iterative at least as strong as one step", result("r-fgsm", 0.1, 0.2), ["pgd-0.1"]),
        ("gradient-free weaker than white-box", result("square", 0.05, 0.4), ["pgd-0.05"]),
        ("transfer weaker than white-box", result("transfer", 0.05, 0.4, source="natural"), ["pgd-0.05"]),
        ("noise weaker than white-box", result("noise", 0.05, 0.4), ["pgd-0.05"]),
        ("queries without a gradient", result("pgd", 0.2, 0.2, {"zero_gradient": 0.2}), ["pgd-0.2"]),
        ("values that are not finite", result("pgd", 0.2, 0.2, {"nan": 0.001}), ["pgd-0.2"]),
        ("collapsed embeddings", result("pgd", 0.2, 0.2, {"collapsed": 1.0}), ["pgd-0.2"]),
    ],
)
def test_a_result_that_fails(check: str, worse: Result, taints: list[str]) -> None:
    found = verdict(facts(*SOUND_STUDY, worse), check)
    assert found["verdict"] == "fail"
    assert found["taints"] == taints
    assert all(label in found["why"] for label in taints)


@pytest.mark.parametrize(
    ("check", "change", "taints"),
    [
        ("R@1 near zero at large epsilon", {"epsilon": 0.2}, ["pgd-0.05", "pgd-0.1"]),
        ("doubling the steps", {"steps": 0.28}, ["pgd-0.05", "pgd-0.1"]),
        ("doubling the restarts", {"restarts": 0.1}, ["pgd-0.05", "pgd-0.1"]),
    ],
)
def test_a_trial_that_fails(check: str, change: dict[str, float], taints: list[str]) -> None:
    found = verdict(facts(*SOUND_STUDY, **change), check)
    assert found["verdict"] == "fail"
    assert found["taints"] == taints


def test_trials_stand_in_for_attacks_that_the_study_lacks() -> None:
    alone = facts(result("pgd", 0.1, 0.3), optimiser=0.2)
    assert verdict(alone, "iterative at least as strong as one step")["taints"] == ["pgd-0.1"]
    assert verdict(alone, "noise weaker than white-box")["taints"] == ["pgd-0.1"]


def test_different_balls_are_not_compared() -> None:
    other = facts(result("pgd", 0.1, 0.5), result("square", 0.1, 0.1, norm="l2"))
    assert verdict(other, "gradient-free weaker than white-box")["verdict"] == "not run"


def test_what_cannot_be_judged_says_why() -> None:
    without = replace(facts(*SOUND_STUDY), trials=None)
    for name in ("doubling the steps", "doubling the restarts", "R@1 near zero at large epsilon"):
        found = verdict(without, name)
        assert (found["verdict"], found["why"]) == ("not run", "evaluation.check_queries is 0")
    itself = facts(result("pgd", 0.1, 0.3), result("transfer", 0.1, 0.2, source="robust"))
    assert "very training" in verdict(itself, "transfer weaker than white-box")["why"]
    assert verdict(facts(), "doubling the steps")["verdict"] == "not run"


def test_each_attack_is_doubled_at_the_epsilon_of_the_headline() -> None:
    given = replace(facts(*SOUND_STUDY, result("apgd", 0.1, 0.2)), headline="pgd-0.1")
    assert [r.label for r in given.references()] == ["pgd-0.1", "apgd-0.1"]
    run_checks(given)
    trials: Any = given.trials
    assert trials.asked.count({"steps": 4}) == 2
    assert trials.asked.count({"epsilon": 0.5}) == 1


def test_points_of_a_steps_curve_are_not_doubled() -> None:
    more = replace(result("pgd", 0.1, 0.2, steps=20), name="pgd20", label="pgd20-0.1")
    other = replace(result("pgd", 0.1, 0.2, steps=20, objective="margin"), name="margin", label="margin-0.1")
    given = replace(facts(*SOUND_STUDY, more, other), headline="pgd-0.1")
    assert [r.label for r in given.references()] == ["pgd-0.1", "margin-0.1"]
    without = replace(given, headline=None)
    assert [r.label for r in without.references()] == ["pgd-0.05", "pgd20-0.1", "margin-0.1"]


def test_a_doubled_attack_that_the_study_has_is_not_run_again(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels: list[str] = []
    whole = Blocks.run

    def listed(self: Blocks, work: Work, positions: np.ndarray, folder: Path, *, title: str) -> Arrays:
        labels.append(title)
        return whole(self, work, positions, folder, title=title)

    monkeypatch.setattr(Blocks, "run", listed)
    pgd = {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05}
    attacks = {"pgd": {**pgd, "steps": 2}, "pgd4": {**pgd, "steps": 4}}
    evaluate(make_study(attacks=attacks, report={"headline": "pgd-0.05", "examples": 0}), MODEL)
    trials = [label for label in labels if label.startswith("checks/")]
    assert "checks/pgd-0.05/restarts=2" in trials and not any("steps=4" in label for label in trials)


def test_checks_of_a_model(make_study: MakeStudy) -> None:
    attacks = {
        "fgsm": {"optimiser": "fgsm", "objective": "repel-self", "epsilon": 0.05},
        "pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": [0.05, 0.1], "steps": 8},
    }
    study = make_study(attacks=attacks, report={"headline": "pgd-0.1", "examples": 0})
    evaluate(study, MODEL)
    checks = {c["check"]: c for c in read_json(attack_folder(study.name, MODEL) / "checks.json")["checks"]}
    assert list(checks) == list(CHECKS)
    zero = checks["queries without a gradient"]
    assert (zero["verdict"], zero["observed"], zero["taints"]) == ("fail", 1.0, ["fgsm-0.05"])
    for name in ("R@1 falls with epsilon", "R@1 near zero at large epsilon", "noise weaker than white-box"):
        assert checks[name]["verdict"] == "pass"
    assert checks["gradient-free weaker than white-box"]["verdict"] == "not run"
