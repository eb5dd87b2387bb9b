"""The paper's studies stay feasible: hours on one A100 as planned, and what the plan assumes."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout import ROOT
from robust_dml.attacks.optimisers.standard_v1 import MEMBERS, RESTART, doubled_members, protocol_passes
from robust_dml.cli.main import main
from robust_dml.config import load_study
from robust_dml.config.resolve import runs
from robust_dml.evaluation.planned import planned_attacks
from robust_dml.planning.cost import estimate, study_hours
from robust_dml.planning.passes import STANDING, STANDING_IN_STANDARD, attack_passes, standing_share


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(("name", "hours"), [("paper", 150), ("paper-short", 12)])
def test_hours_on_one_a100(name: str, hours: float, capsys: pytest.CaptureFixture[str]) -> None:
    planned = study_hours(load_study(Path("config", f"{name}.yaml")), "a100")
    planned_on_cpu = study_hours(load_study(Path("config", f"{name}.yaml")), "cpu").at_most
    assert 0 < planned.total <= hours < planned.at_most
    assert main(["plan", f"config/{name}.yaml", "--gpu", "a100"]) == 0
    out = capsys.readouterr().out
    assert f"hours:     {planned.total:,.0f} on one GPU" in out
    assert (
        f"at most {planned.at_most:,.0f} on one GPU, or {planned_on_cpu:,.0f} on the CPU, if no attack breaks any query"
        in out
    )
    assert f"the standard protocol makes {STANDING_IN_STANDARD:.0%} of its passes" in out


def test_less_than_an_hour_is_in_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    planned = study_hours(load_study(Path("config/demo.yaml")), "cpu")
    assert 1 < 60 * planned.total < 60
    assert main(["plan", "demo"]) == 0
    assert f"or {60 * planned.total:.0f} min on the CPU" in capsys.readouterr().out


def test_every_training_and_the_standard_are_in_the_short_study() -> None:
    paper, short = (load_study(Path("config", f"{name}.yaml")) for name in ("paper", "paper-short"))
    methods = [
        {(t.method, getattr(t.options, "perturb", "")) for t in study.trainings.values()} for study in (paper, short)
    ]
    assert methods[0] == methods[1]
    assert {"standard-v1", "standard-v1-l2"} <= short.attacks.keys() & paper.attacks.keys()
    assert set(short.datasets) == {"cub200", "cars196"} and short.seeds == [0]


def test_the_standard_is_counted_as_assumed_and_at_most() -> None:
    study = load_study(Path("config/paper-short.yaml"))
    run = next(iter(runs(study)))
    standard = [at for at in planned_attacks(study, run) if at.config is not None and at.attack.is_standard]
    queries, checked = study.evaluation.queries, study.evaluation.check_queries
    assert queries is not None
    passes = sum((checked if at.queries else queries) * protocol_passes(at.effort) for at in standard)
    least, most = (attack_passes(study, run, (5000, 5000), standing=standing) for standing in (True, False))
    assert most - least == pytest.approx((1 - STANDING_IN_STANDARD) * passes)


def test_the_passes_of_the_protocol() -> None:
    # of a gradient step two and one to look at the last iterate; of a query of Square one
    by_hand = 2 * (2 * 20) + 2 * 100 + 5 * 2 * 50 + 2 * 50 + 2 * 50 + 1000 + 2 * 100
    assert by_hand <= protocol_passes() <= by_hand + 5 * (len(MEMBERS) + 1)
    twice = 2 * by_hand + 5 * 2 * 100 + 2 * 2 * 100  # five more targets; two rounds of doubled restarts
    assert twice <= protocol_passes(2) <= twice + 5 * (len(doubled_members()) + 2)
    assert RESTART.settings["steps"] == 100


def test_stopping_halves_the_attacks_that_can_stop() -> None:
    study = load_study(Path("config/paper-short.yaml"))
    stopping = study.model_copy(update={"evaluation": study.evaluation.model_copy(update={"stop_when_broken": True})})
    run = next(iter(runs(study)))
    shares = {at.label: standing_share(stopping, at) for at in planned_attacks(stopping, run)}
    assert shares["pgd-0.01"] == STANDING and shares["fgsm-0.01"] == shares["carlini-wagner-0.01"] == 1
    assert estimate(stopping, "a100").gpu_hours[0].attack < estimate(study, "a100").gpu_hours[0].attack
