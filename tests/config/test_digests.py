"""The digest of a job changes when, and only when, something that shapes its result changes."""

from pathlib import Path
from typing import Any

import pytest

from robust_dml.config import Run, Study, load_study
from robust_dml.config.digests import (
    attack_digest,
    attack_settings,
    data_digest,
    data_settings,
    figure_digest,
    report_digest,
    score_digest,
    score_settings,
    training_digest,
    training_settings,
)
from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of

DEMO = load_study(Path(__file__).parents[2] / "config" / "demo.yaml")
RUN = Run("digits", "triplet", "robust-anchor", 0)
OTHER = Run("digits", "triplet", "robust-positive", 0)
NATURAL = Run("digits", "triplet", "natural", 0)


def changed(section: str, name: str | None = None, **changes: object) -> Study:
    """The demo with some keys of a section, or of one of its entries, replaced; options beside the other keys."""
    content = DEMO.model_dump(mode="json")
    target: dict[str, Any] = content[section] if name is None else content[section][name]
    known = {"options": {**target["options"], **changes.pop("options", {})}} if "options" in changes else {}  # type: ignore[dict-item]
    target.update({**known, **changes})
    return Study(**content)


def first(study: Study, name: str) -> AttackAt:
    return next(at for at in attacks_of(study) if at.name == name)


def test_one_training_changes_alone() -> None:
    study = changed("trainings", "robust-anchor", options={"attack_rate": 0.5})
    assert training_digest(study, RUN) != training_digest(DEMO, RUN)
    assert training_digest(study, OTHER) == training_digest(DEMO, OTHER)
    assert attack_settings(study, first(study, "pgd")) == attack_settings(DEMO, first(DEMO, "pgd"))
    assert score_settings(study, RUN) == score_settings(DEMO, RUN)


def test_an_attack_leaves_the_trainings_and_the_other_attacks_alone() -> None:
    study = changed("attacks", "pgd", options={"steps": 7})
    assert training_digest(study, RUN) == training_digest(DEMO, RUN)
    assert attack_digest(study, first(study, "pgd")) != attack_digest(DEMO, first(DEMO, "pgd"))
    assert attack_digest(study, first(study, "fgsm")) == attack_digest(DEMO, first(DEMO, "fgsm"))
    assert attack_digest(study, CLEAN) == attack_digest(DEMO, CLEAN)
    assert score_digest(study, RUN) != score_digest(DEMO, RUN)


def test_one_more_radius_leaves_the_others_alone() -> None:
    radii = DEMO.attacks["pgd"].epsilon
    study = changed("attacks", "pgd", epsilon=[*radii, 0.123])
    before, after = ([at for at in attacks_of(of) if at.name == "pgd"] for of in (DEMO, study))
    digests = [[attack_digest(of, at) for at in found] for of, found in ((DEMO, before), (study, after))]
    assert digests[1][:-1] == digests[0] and digests[1][-1] not in digests[0]


@pytest.mark.parametrize(
    "study",
    [
        changed("report", examples=12),
        changed("report", headline="pgd-0.2"),
        changed("evaluation", metrics=["recall"]),
        changed("evaluation", clusters=not DEMO.evaluation.clusters),
    ],
)
def test_examples_headline_and_metrics_change_the_scores_and_no_attack(study: Study) -> None:
    assert score_digest(study, RUN) != score_digest(DEMO, RUN)
    assert report_digest(study) != report_digest(DEMO)
    for before, after in zip(attacks_of(DEMO), attacks_of(study), strict=True):
        if not before.is_ensemble:
            assert attack_digest(study, after) == attack_digest(DEMO, before)


def test_blocks_workers_and_device_change_nothing_and_a_batch_everything_attacked() -> None:
    at = first(DEMO, "pgd")
    seeds = changed("datasets", "digits", seeds=[0]), changed("trainings", "robust-anchor", seeds=[0])
    progress = changed("optimisation", validation_queries=50, validate_every=2)
    for study in (changed("evaluation", block=77), changed("optimisation", workers=3), progress, *seeds):
        assert attack_digest(study, at) == attack_digest(DEMO, at)
        assert training_digest(study, RUN) == training_digest(DEMO, RUN)
        assert score_digest(study, RUN) == score_digest(DEMO, RUN)
    study = changed("evaluation", batch=77)
    assert attack_digest(study, at) != attack_digest(DEMO, at)
    assert training_digest(study, RUN) == training_digest(DEMO, RUN)


@pytest.mark.parametrize("key", ["epochs", "precision", "weight_decay"])
def test_every_optimisation_key_counts(key: str) -> None:
    value = {"epochs": 7, "precision": "bf16", "weight_decay": 0.5}[key]
    study = Study(**{**DEMO.model_dump(mode="json"), "optimisation": {key: value}})
    assert training_digest(study, RUN) != training_digest(DEMO, RUN)


def test_the_attack_of_a_training_counts_only_where_it_shapes_the_model() -> None:
    attack = {"optimiser": "pgd", "epsilon": 0.05, "options": {"steps": 2}}
    assert training_settings(changed("trainings", "natural", attack=attack), NATURAL) == training_settings(
        DEMO, NATURAL
    )
    assert training_settings(changed("trainings", "robust-anchor", attack=attack), RUN) != training_settings(DEMO, RUN)


def test_the_seed_counts() -> None:
    assert training_digest(DEMO, RUN) != training_digest(DEMO, RUN._replace(seed=1))
    assert score_digest(DEMO, RUN) != score_digest(DEMO, RUN._replace(seed=1))


def test_a_datasets_miner_is_for_its_models_alone() -> None:
    study = changed("datasets", "digits", miner={"kind": "TripletMarginMiner"})
    assert training_digest(study, RUN) != training_digest(DEMO, RUN)
    circle = Run("gaussians", "contrastive", "natural", 0)
    assert training_digest(study, circle) == training_digest(DEMO, circle)
    assert data_settings(study, "digits") == data_settings(DEMO, "digits")
    assert data_digest(study, "digits") == data_digest(DEMO, "digits")


def test_images_depend_on_their_transform_and_not_on_their_split() -> None:
    assert data_digest(changed("datasets", "digits", split="random-1"), "digits") == data_digest(DEMO, "digits")
    transform = {**DEMO.datasets["digits"].transform.model_dump(mode="json"), "flip": 0.25}
    assert data_digest(changed("datasets", "digits", transform=transform), "digits") != data_digest(DEMO, "digits")


def test_a_title_changes_the_page_and_no_figure() -> None:
    study = Study(**{**DEMO.model_dump(mode="json"), "title": "Another title"})
    assert report_digest(study) != report_digest(DEMO)
    assert figure_digest(study, "epsilon") == figure_digest(DEMO, "epsilon")
    assert score_digest(study, RUN) == score_digest(DEMO, RUN)
    assert training_digest(study, RUN) == training_digest(DEMO, RUN)
