"""Which trainings and attacks of a study the report singles out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from report.test_study_shapes import ATTACKS, PGD, TRAININGS, write_study
from robust_dml.config import Study, load_study
from robust_dml.report.selection import (
    Group,
    beside,
    curve,
    groups,
    has_pair,
    headline,
    main_results,
    measured_groups,
    natural,
    rate_series,
    robust,
    slot_series,
    step_results,
    worst_cases,
)
from robust_dml.runtime.errors import UserError

DIGITS = Group("digits", "triplet")


@pytest.fixture
def make(tmp_path: Path) -> Any:
    return lambda *trainings, **changes: load_study(write_study(tmp_path, *trainings, **changes))


def test_the_first_training_of_a_family_stands_for_it_unless_the_study_says_another(make: Any) -> None:
    study = make("rival", "positive", "negative", "natural")
    assert (natural(study, DIGITS), robust(study, DIGITS), has_pair(study, DIGITS)) == ("natural", "positive", True)
    chosen = make("positive", "negative", "rival", report={"natural": "rival", "robust": "negative"})
    assert (natural(chosen, DIGITS), robust(chosen, DIGITS), has_pair(chosen, DIGITS)) == ("rival", "negative", True)


def test_a_training_that_stands_for_both_is_no_pair(make: Any) -> None:
    study = make("positive", "rival", report={"natural": "positive"})
    assert not has_pair(study, DIGITS)


def test_series_differ_in_one_option(make: Any) -> None:
    study = make(*TRAININGS)
    assert slot_series(study) == [["positive", "negative"]]
    assert rate_series(study) == [["half", "positive"]]
    assert slot_series(make("natural", "positive", "rival")) == []


def test_the_headline_is_the_studys_choice_or_its_first_attack(make: Any) -> None:
    assert headline(make("natural")).label == "pgd-0.05"
    assert headline(make("natural", report={"headline": "pgd-0.1"})).label == "pgd-0.1"
    with pytest.raises(UserError, match="a report needs at least one attack"):
        headline(make("natural", attacks={}))


def labels(study: Study) -> list[str]:
    return [at.label for at in main_results(study)]


def test_the_main_comparison_stays_in_the_headlines_ball_and_leaves_controls_and_repetitions_out(make: Any) -> None:
    attacks = {
        **ATTACKS,
        "pgd-l2": {**PGD, "norm": "l2"},
        "pgd20": {**PGD, "steps": 20},
        "pgd40": {**PGD, "steps": 40},
        "margin": {**PGD, "steps": 20, "objective": "margin"},
        "noise": {"optimiser": "noise", "epsilon": 0.1, "steps": 3},
        "square": {"optimiser": "square", "epsilon": 0.1, "steps": 3},
    }
    study = make("natural", attacks=attacks, report={"headline": "pgd-0.1"})
    assert labels(study) == ["pgd-0.1", "worst-case-0.1", "fgsm-0.1", "margin-0.1"]
    assert [at.label for at in worst_cases(study)] == ["worst-case-0.1"]
    assert [at.label for at in step_results(study)] == ["pgd-0.1", "pgd20-0.1", "pgd40-0.1"]


def test_an_ensemble_as_headline_is_named_once(make: Any) -> None:
    assert labels(make("natural", attacks=ATTACKS)) == ["worst-case-0.1", "fgsm-0.1", "pgd-0.1"]


def test_noise_images_are_left_out_of_figures_of_recall_unless_there_is_nothing_else(study: Study) -> None:
    assert Group("gaussians", "contrastive") in groups(study)
    assert measured_groups(study) == [Group("digits", "contrastive"), Group("digits", "triplet")]
    alone = study.model_copy(update={"datasets": {"gaussians": study.datasets["gaussians"]}})
    assert measured_groups(alone) == [Group("gaussians", "contrastive")]


def test_the_curve_of_the_worst_case_is_the_standards_else_an_ensembles_else_the_headlines(make: Any) -> None:
    standard = {"standard-v1": {**ATTACKS["worst-case"], "members": ["pgd"], "epsilon": [0.1, 0.05]}}
    study = make("natural", attacks={**ATTACKS, **standard}, report={"headline": "pgd-0.1"})
    assert [at.label for at in curve(study)] == ["standard-v1-0.05", "standard-v1-0.1"]
    assert labels(study)[:2] == ["standard-v1-0.1", "pgd-0.1"]
    assert beside(study).label == "pgd-0.1"
    assert [at.label for at in curve(make("natural", attacks=ATTACKS))] == ["worst-case-0.1"]
    assert [at.label for at in curve(make("natural"))] == ["pgd-0.05", "pgd-0.1"]
    assert beside(make("natural")) is None


def test_an_attack_of_ones_own_stands_beside_a_headline_that_is_the_standard(make: Any) -> None:
    attacks = {"standard-v1": ATTACKS["worst-case"], **ATTACKS}
    study = make("natural", attacks=attacks, report={"headline": "standard-v1-0.1"})
    assert beside(study).label == "fgsm-0.1"
