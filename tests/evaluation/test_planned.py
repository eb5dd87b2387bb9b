"""What an evaluation makes: the attacks of the study, their released versions, the extra runs of the checks."""

from __future__ import annotations

from typing import Any

from evaluation.tiny_study import MODEL, STUDY, attack_at
from robust_dml.config import Study
from robust_dml.evaluation.planned import (
    attack_digests,
    checks,
    equal_attack,
    extra_runs,
    planned_attacks,
)

PGD: dict[str, Any] = {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05}


def study(**sections: Any) -> Study:
    return Study(**{**STUDY, **sections})


def test_each_result_is_planned_once() -> None:
    labels = list(attack_digests(study()))
    assert len(labels) == len(set(labels))
    expected = ["clean", "fgsm-0.02", "pgd-0.02", "pgd-0.05", "fgsm-0.02,as-released", "pgd-0.02,as-released"]
    assert labels[:6] == expected
    assert labels[6:] == [
        "pgd-0.05,as-released",
        "pgd-0.02,epsilon=large",
        "pgd-0.02,optimiser=r-fgsm,step_size=None",
        "pgd-0.02,steps=6",
        "pgd-0.02,restarts=2",
        "pgd-0.02,optimiser=noise,steps=1",
        "clean,pass=again",
    ]


def test_no_queries_of_checks_means_no_extra_runs() -> None:
    assert list(extra_runs(study(evaluation={"check_queries": 0}), MODEL)) == []
    assert all(at.queries == 40 for at in extra_runs(study(), MODEL))


def test_a_doubled_attack_that_the_study_has_is_not_run_again() -> None:
    twice = study(attacks={"pgd": {**PGD, "steps": 2}, "pgd4": {**PGD, "steps": 4}}, report={"headline": "pgd-0.05"})
    labels = list(attack_digests(twice))
    assert "pgd-0.05,restarts=2" in labels and not any("steps=4" in label for label in labels)
    wanted = attack_at(twice, "pgd-0.05").changed(40, steps=4)
    equal = equal_attack(twice, wanted)
    assert equal is not None and equal.label == "pgd4-0.05"
    assert equal_attack(twice, attack_at(twice, "pgd-0.05").changed(40, steps=8)) is None


def test_an_ensemble_is_not_attacked() -> None:
    attacks = {"pgd": {**PGD, "steps": 2}, "worst": {"optimiser": "worst-case", "members": ["pgd"], "epsilon": 0.05}}
    assert "worst-0.05" not in attack_digests(study(attacks=attacks, report={}))


def test_checks_stand_in_their_order() -> None:
    assert [check.title for check in checks()] == [
        "R@1 falls with epsilon",
        "R@1 near zero at large epsilon",
        "iterative at least as strong as one step",
        "doubling the steps",
        "doubling the restarts",
        "noise weaker than white-box",
        "transfer weaker than white-box",
        "gradient-free weaker than white-box",
        "queries without a gradient",
        "values that are not finite",
        "collapsed embeddings",
        "standard: converged",
        "standard: gradients lead",
        "standard: above the noise floor",
        "two passes agree",
    ]


def test_every_planned_result_has_a_digest_of_its_own() -> None:
    digests = attack_digests(study())
    assert list(digests) == ["clean", *(at.label for at in planned_attacks(study(), MODEL))]
    assert len(set(digests.values())) == len(digests)
