"""The study of published defences: its cost, and that its trainings differ in their method alone."""

from __future__ import annotations

from checkout import ROOT
from robust_dml.config import Study, load_study
from robust_dml.config.resolve import optimisation_of, runs
from robust_dml.planning.cost import estimate
from robust_dml.records import METHODS

FILE = ROOT / "config" / "field.yaml"
LEFT_OUT = {"untrained", "eat", "amdsemi", "ramd", "tbc"}  # reconstructed, or steps towards another method


def study() -> Study:
    return load_study(FILE)


def test_it_takes_at_most_six_hours() -> None:
    assert 0 < estimate(study()).cpu_hours.total <= 6


def test_it_has_every_published_method_and_says_that_it_was_not_run() -> None:
    methods = {training.method for training in study().trainings.values()}
    assert methods >= set(METHODS.names) - LEFT_OUT
    assert "NOT RUN YET" in FILE.read_text(encoding="utf-8")


def test_every_training_has_the_same_steps_and_the_same_attack_but_where_its_name_says_so() -> None:
    found = study()
    trained = [run for run in runs(found) if run.training not in found.models]
    assert len({optimisation_of(found, run).model_dump_json() for run in trained}) == 1
    rivals = {name: t for name, t in found.trainings.items() if t.record.attacks and not name.endswith("-6")}
    assert len({t.attack.model_dump_json() for t in rivals.values()}) == 1 and len(rivals) > 10


def passes(name: str) -> float:
    training = study().trainings[name]
    per_step: float = training.record.passes(training, training.attack.record.passes(training.attack.options))
    return per_step


def test_a_step_of_ours_costs_no_more_than_the_papers_or_with_more_steps_than_the_rivals() -> None:
    assert passes("gallery-margin") <= passes("robust-anchor")
    assert (
        passes("robust-anchor")
        == passes("robust-anchor-6")
        < passes("gallery-margin-6")
        <= min(map(passes, ("act-r", "amd", "hm-s-m")))
    )


def test_ranking_attacks_are_corrected_and_as_released() -> None:
    threats = study().threats
    assert [t.options.as_released for t in threats.values() if t.kind == "ranking"] == [False, True]
