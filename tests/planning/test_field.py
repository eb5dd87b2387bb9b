"""The study of published defences: its cost, its trials, and that its trainings differ in their method alone."""

from __future__ import annotations

import csv
from collections import defaultdict
from fractions import Fraction
from typing import Any

import yaml

from checkout import ROOT
from robust_dml.config import Study, load_study
from robust_dml.config.resolve import optimisation_of, runs
from robust_dml.planning.cost import estimate
from robust_dml.records import METHODS

FILE, TRIALS = ROOT / "config" / "field.yaml", ROOT / "docs" / "trials" / "field.csv"
LEFT_OUT = {"untrained", "eat", "amdsemi", "ramd", "tbc"}  # reconstructed, or steps towards another method
MEANS = {"gallery-margin-mean", "robust-anchor-mean"}
RADII = ["4/255", "6/255", "8/255"]


def study() -> Study:
    return load_study(FILE)


def test_it_takes_at_most_six_hours() -> None:
    assert 0 < estimate(study()).cpu_hours.total <= 6


def test_it_has_every_published_method() -> None:
    methods = {training.method for training in study().trainings.values()}
    assert methods >= set(METHODS.names) - LEFT_OUT


def test_every_training_has_the_same_steps_and_its_attack_differs_in_its_radius_alone() -> None:
    found = study()
    trained = [run for run in runs(found) if run.training not in found.models]
    optimisations = {optimisation_of(found, run).model_dump_json(exclude={"average_steps"}) for run in trained}
    assert len(optimisations) == 1
    assert {run.training for run in trained if optimisation_of(found, run).average_steps} == MEANS
    rivals = {name: t for name, t in found.trainings.items() if t.record.attacks}
    assert len({t.attack.model_dump_json(exclude={"epsilon"}) for t in rivals.values()}) == 1 and len(rivals) > 10


def trained(name: str) -> tuple[str, str]:
    """The method of a training and its options, as the list of trials writes them; half the epochs, half of FARE's."""
    entry: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["trainings"][name]
    order = ("perturb", "source", "destination", "ics", "guides", "natural_epochs", "temperature", "margin")
    options = [f"{key}={entry[key] // 2 if key == 'natural_epochs' else entry[key]}" for key in order if key in entry]
    options += [f"strategy={entry['miner']['strategy']}"] if "miner" in entry else []
    return entry["method"], " ".join(options)


def trials() -> dict[tuple[str, str], dict[str, float]]:
    """Attacked recall@1 of each training of the trials at each of its radii, with the two steps of the study."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    with TRIALS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["steps"] in {"2", ""}:
                found[row["method"], row["options"]][row["epsilon"]] = float(row["attacked"])
    return found


def test_each_radius_is_the_best_of_three_trials_and_of_equal_ones_the_smaller() -> None:
    for name, training in study().trainings.items():
        if not training.record.attacks:
            continue
        found = trials()[trained(name)]
        assert sorted(found) == RADII, name
        best = max(RADII, key=lambda radius: (found[radius], -RADII.index(radius)))
        assert training.attack.epsilon == float(Fraction(best)), name


def test_the_radii_of_visualphishnet_are_the_best_of_three_trials() -> None:
    found = trials()["visualphishnet", "margin=2.2"]
    assert len(found) == 3
    assert study().trainings["visualphishnet"].options.epsilon[1] == float(max(found, key=lambda at: found[at]))


def passes(name: str) -> float:
    training = study().trainings[name]
    per_step: float = training.record.passes(training, training.attack.record.passes(training.attack.options))
    return per_step


def test_a_step_of_ours_costs_no_more_than_the_papers() -> None:
    assert passes("gallery-margin-mean") == passes("gallery-margin") <= passes("robust-anchor")


def test_ranking_attacks_are_corrected_and_as_released() -> None:
    threats = study().threats
    assert [t.options.as_released for t in threats.values() if t.kind == "ranking"] == [False, True]
