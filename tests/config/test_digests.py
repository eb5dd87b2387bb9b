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

STUDY = load_study(Path(__file__).parents[2] / "config" / "photographs.yaml")
RUN = Run("patches", "triplet", "robust-anchor", 0)
OTHER = Run("patches", "triplet", "robust-positive", 0)
NATURAL = Run("patches", "triplet", "natural", 0)


def changed(section: str, name: str | None = None, **changes: object) -> Study:
    """The study with some keys of a section, or of one of its entries, replaced; options beside the other keys."""
    content = STUDY.model_dump(mode="json")
    target: dict[str, Any] = content[section] if name is None else content[section][name]
    known = {"options": {**target["options"], **changes.pop("options", {})}} if "options" in changes else {}  # type: ignore[dict-item]
    target.update({**known, **changes})
    return Study(**content)


def first(study: Study, name: str) -> AttackAt:
    return next(at for at in attacks_of(study) if at.name == name)


def test_one_training_changes_alone() -> None:
    study = changed("trainings", "robust-anchor", options={"attack_rate": 0.5})
    assert training_digest(study, RUN) != training_digest(STUDY, RUN)
    assert training_digest(study, OTHER) == training_digest(STUDY, OTHER)
    assert attack_settings(study, first(study, "pgd")) == attack_settings(STUDY, first(STUDY, "pgd"))
    assert score_settings(study, RUN) == score_settings(STUDY, RUN)


def test_an_attack_leaves_the_trainings_and_the_other_attacks_alone() -> None:
    study = changed("attacks", "pgd", options={"steps": 7})
    assert training_digest(study, RUN) == training_digest(STUDY, RUN)
    assert attack_digest(study, first(study, "pgd")) != attack_digest(STUDY, first(STUDY, "pgd"))
    assert attack_digest(study, first(study, "fgsm")) == attack_digest(STUDY, first(STUDY, "fgsm"))
    assert attack_digest(study, CLEAN) == attack_digest(STUDY, CLEAN)
    assert score_digest(study, RUN) != score_digest(STUDY, RUN)


def test_one_more_radius_leaves_the_others_alone() -> None:
    radii = STUDY.attacks["pgd"].epsilon
    study = changed("attacks", "pgd", epsilon=[*radii, 0.123])
    before, after = ([at for at in attacks_of(of) if at.name == "pgd"] for of in (STUDY, study))
    digests = [[attack_digest(of, at) for at in found] for of, found in ((STUDY, before), (study, after))]
    assert digests[1][:-1] == digests[0] and digests[1][-1] not in digests[0]


@pytest.mark.parametrize(
    "study",
    [
        changed("report", examples=12),
        changed("report", headline="pgd-0.0313725"),
        changed("evaluation", metrics=["recall"]),
        changed("evaluation", clusters=not STUDY.evaluation.clusters),
    ],
)
def test_examples_headline_and_metrics_change_the_scores_and_no_attack(study: Study) -> None:
    assert score_digest(study, RUN) != score_digest(STUDY, RUN)
    assert report_digest(study) != report_digest(STUDY)
    for before, after in zip(attacks_of(STUDY), attacks_of(study), strict=True):
        if not before.is_ensemble:
            assert attack_digest(study, after) == attack_digest(STUDY, before)


def test_blocks_workers_and_device_change_nothing_and_a_batch_everything_attacked() -> None:
    at = first(STUDY, "pgd")
    for study in (changed("evaluation", block=77), changed("optimisation", workers=3)):
        assert attack_digest(study, at) == attack_digest(STUDY, at)
        assert training_digest(study, RUN) == training_digest(STUDY, RUN)
        assert score_digest(study, RUN) == score_digest(STUDY, RUN)
    study = changed("evaluation", batch=77)
    assert attack_digest(study, at) != attack_digest(STUDY, at)
    assert training_digest(study, RUN) == training_digest(STUDY, RUN)


@pytest.mark.parametrize("key", ["epochs", "precision", "weight_decay"])
def test_every_optimisation_key_counts(key: str) -> None:
    value = {"epochs": 7, "precision": "bf16", "weight_decay": 0.5}[key]
    study = Study(**{**STUDY.model_dump(mode="json"), "optimisation": {key: value}})
    assert training_digest(study, RUN) != training_digest(STUDY, RUN)


def test_the_attack_of_a_training_counts_only_where_it_shapes_the_model() -> None:
    attack = {"optimiser": "pgd", "epsilon": 0.05, "options": {"steps": 2}}
    assert training_settings(changed("trainings", "natural", attack=attack), NATURAL) == training_settings(
        STUDY, NATURAL
    )
    assert training_settings(changed("trainings", "robust-anchor", attack=attack), RUN) != training_settings(STUDY, RUN)


def test_the_seed_counts() -> None:
    assert training_digest(STUDY, RUN) != training_digest(STUDY, RUN._replace(seed=1))
    assert score_digest(STUDY, RUN) != score_digest(STUDY, RUN._replace(seed=1))


def test_a_datasets_miner_is_for_its_models_alone() -> None:
    study = changed("datasets", "patches", miner={"kind": "TripletMarginMiner"})
    assert training_digest(study, RUN) != training_digest(STUDY, RUN)
    circle = Run("gaussians", "contrastive", "natural", 0)
    assert training_digest(study, circle) == training_digest(STUDY, circle)
    assert data_settings(study, "patches") == data_settings(STUDY, "patches")
    assert data_digest(study, "patches") == data_digest(STUDY, "patches")


def test_images_depend_on_their_transform_and_not_on_their_split() -> None:
    assert data_digest(changed("datasets", "patches", split="random-1"), "patches") == data_digest(STUDY, "patches")
    transform = {**STUDY.datasets["patches"].transform.model_dump(mode="json"), "flip": 0.25}
    assert data_digest(changed("datasets", "patches", transform=transform), "patches") != data_digest(STUDY, "patches")


def test_a_title_changes_the_page_and_no_figure() -> None:
    study = Study(**{**STUDY.model_dump(mode="json"), "title": "Another title"})
    assert report_digest(study) != report_digest(STUDY)
    assert figure_digest(study, "epsilon") == figure_digest(STUDY, "epsilon")
    assert score_digest(study, RUN) == score_digest(STUDY, RUN)
    assert training_digest(study, RUN) == training_digest(STUDY, RUN)
