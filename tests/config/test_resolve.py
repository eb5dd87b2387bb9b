"""The settings of a job change when, and only when, something that shapes its result changes."""

from pathlib import Path

import pytest

from robust_dml.config import Run, Study, attack_settings, data_settings, load_study, training_settings
from robust_dml.config.resolve import miner_of, optimisation_of, runs

DEMO = load_study(Path(__file__).parents[2] / "config" / "demo.yaml")
RUN = Run("digits", "triplet", "robust-anchor", 0)
OTHER = Run("digits", "triplet", "robust-positive", 0)


def changed(section: str, name: str, **changes: object) -> Study:
    """The demo with some keys of one entry replaced."""
    content = DEMO.model_dump(mode="json")
    content[section][name].update(changes)
    return Study(**content)


def test_runs_are_the_grid() -> None:
    listed = list(runs(DEMO))
    assert len(listed) == len(set(listed))
    assert RUN in listed and Run("gaussians", "triplet", "natural", 0) not in listed
    assert str(RUN.path) == "digits/triplet/robust-anchor/seed0"


def test_one_training_changes_alone() -> None:
    study = changed("trainings", "robust-anchor", attack_rate=0.5)
    assert training_settings(study, RUN) != training_settings(DEMO, RUN)
    assert training_settings(study, OTHER) == training_settings(DEMO, OTHER)
    assert attack_settings(study, RUN) == attack_settings(DEMO, RUN)


def test_an_attack_leaves_the_trainings_alone() -> None:
    study = changed("attacks", "pgd", steps=7)
    assert training_settings(study, RUN) == training_settings(DEMO, RUN)
    assert attack_settings(study, RUN) != attack_settings(DEMO, RUN)


def test_the_nearest_setting_wins() -> None:
    study = changed("trainings", "robust-anchor", optimisation={"epochs": 3})
    study = Study(**{**study.model_dump(mode="json"), "optimisation": {"epochs": 9}})
    assert optimisation_of(study, RUN).epochs == 3
    assert optimisation_of(study, OTHER).epochs == 9
    assert optimisation_of(study, OTHER).classes_per_batch == DEMO.datasets["digits"].optimisation["classes_per_batch"]


@pytest.mark.parametrize("key", ["epochs", "precision"])
def test_every_optimisation_key_counts(key: str) -> None:
    value = {"epochs": 7, "precision": "bf16"}[key]
    study = Study(**{**DEMO.model_dump(mode="json"), "optimisation": {key: value}})
    assert training_settings(study, RUN) != training_settings(DEMO, RUN)


def test_a_datasets_miner_is_for_its_models_alone() -> None:
    miner = {"kind": "TripletMarginMiner", "options": {}}
    study = changed("datasets", "digits", miner=miner)
    assert miner_of(study, RUN).kind == "TripletMarginMiner"
    assert training_settings(study, RUN) != training_settings(DEMO, RUN)
    circle = Run("gaussians", "contrastive", "natural", 0)
    assert training_settings(study, circle) == training_settings(DEMO, circle)
    assert data_settings(study, "digits") == data_settings(DEMO, "digits")
