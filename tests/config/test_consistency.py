"""Contradictions between the sections of a study are found before the first job."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config.test_load import STUDIES, changed, mistake
from robust_dml.config import load_study

CI: dict[str, Any] = yaml.safe_load((STUDIES / "ci.yaml").read_text())
PGD = {"optimiser": "pgd", "epsilon": 0.1, "steps": 3}


def worst(**changes: Any) -> dict[str, Any]:
    return {"optimiser": "worst-case", "epsilon": 0.1, "members": ["pgd"], **changes}


def edited(section: str, name: str, **changes: Any) -> dict[str, Any]:
    """A section of config/ci.yaml with keys of one entry changed."""
    return {section: {**CI[section], name: {**CI[section][name], **changes}}}


@pytest.mark.parametrize(
    ("attacks", "message"),
    [
        ({"none": PGD}, "attacks.none: the name is reserved for unperturbed queries; choose another"),
        ({"clean": PGD}, "attacks.clean: the name is reserved for unperturbed queries; choose another"),
        (
            {"pgd": PGD, "worst": worst(members=["pdg"])},
            "attacks.worst.members: no such name: pdg; known are pgd, worst",
        ),
        ({"pgd": PGD, "worst": worst(members=[])}, "attacks.worst"),
        ({"pgd": PGD, "worst": worst(members=["pgd", "pgd"])}, "duplicate member"),
        (
            {"pgd": {**PGD, "norm": "l2"}, "worst": worst()},
            "attacks.worst.members: pgd has another norm or threat than worst",
        ),
        (
            {"pgd": PGD, "worst": worst(epsilon=[0.1, 0.2, 0.3])},
            "attacks.worst.members: pgd lacks epsilon 0.2, 0.3; add it there",
        ),
        (
            {"pgd": PGD, "worst": worst(), "worse": worst(members=["worst"])},
            "attacks.worse.members: worst is an ensemble itself; name its members instead",
        ),
        (
            {"transfer": {**PGD, "optimiser": "transfer", "source": "robust"}},
            "attacks.transfer.source: no such name: robust; known are natural, robust-anchor",
        ),
        (
            {"pgd": {**PGD, "norm": "l2", "epsilon": 20}},
            "20 exceeds the largest l2 distance of two images of digits, 13.86",
        ),
        ({"pgd": {**PGD, "epsilon": [0.1, 0.1000000001]}}, "attacks.pgd"),
    ],
)
def test_attacks_that_cannot_be(tmp_path: Path, attacks: dict[str, Any], message: str) -> None:
    assert message in mistake(changed(tmp_path, attacks=attacks, report={}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            edited("datasets", "digits", backbone="large"),
            "datasets.digits.backbone: no such name: large; known are tiny",
        ),
        (edited("datasets", "digits", losses=["triplets"]), "datasets.digits.losses: no such name: triplets"),
        (edited("datasets", "digits", trainings=["robust"]), "datasets.digits.trainings: no such name: robust"),
        (edited("trainings", "natural", losses=["other"]), "trainings.natural.losses: no such name: other"),
        (edited("trainings", "natural", losses=[]), "trainings.natural.losses"),
        (edited("trainings", "natural", backbone="large"), "trainings.natural.backbone: no such name: large"),
        (
            edited("trainings", "natural", optimisation={"epoch": 3}),
            "trainings.natural.optimisation.epoch: unknown key",
        ),
        (edited("datasets", "digits", optimisation={"epochs": 0}), "datasets.digits.optimisation.epochs: "),
        (edited("trainings", "natural", loss={"margn": 1}), "trainings.natural.loss"),
        (
            edited("datasets", "digits", trainings=["natural"]),
            "trainings.robust-anchor: no dataset and loss of the study are trained with it",
        ),
        (edited("datasets", "digits", seeds=[4]), "datasets.digits.seeds: no such name: 4; known are 0"),
        (edited("trainings", "natural", seeds=[0, 3]), "trainings.natural.seeds: no such name: 3; known are 0"),
        ({"optimisation": {"checkpoint": "validation"}}, "checkpoint: validation needs `validation` above 0"),
        ({"report": {"headline": "fgsm"}}, "report.headline: no such name: fgsm; known are fgsm-0.1, pgd-0.1"),
        ({"report": {"natural": "robust"}}, "report.natural: no such name: robust"),
        ({"report": {"robust": "rob"}}, "report.robust: no such name: rob"),
    ],
)
def test_sections_that_contradict_each_other(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    assert message in mistake(changed(tmp_path, **change))


def test_a_source_without_a_model_beside_the_attacked_one_is_refused(tmp_path: Path) -> None:
    attacks = {"transfer": {**PGD, "optimiser": "transfer", "source": "natural"}}
    losses = {**CI["losses"], "contrastive": {"kind": "contrastive"}}
    trainings = edited("trainings", "natural", losses=["contrastive"])
    line = mistake(changed(tmp_path, attacks=attacks, losses=losses, report={}, **trainings))
    assert "attacks.transfer.source: natural: the study has no model of it beside digits/triplet/robust-anchor" in line


def test_a_sound_ensemble_is_accepted(tmp_path: Path) -> None:
    attacks = {"fgsm": CI["attacks"]["fgsm"], "pgd": PGD, "worst": worst(members=["fgsm", "pgd"])}
    study = load_study(changed(tmp_path, attacks=attacks, report={"headline": "worst-0.1"}))
    assert study.attacks["worst"].members == ["fgsm", "pgd"]
