"""Every claim can be tested by a study that ships: its rows of metrics.csv are planned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkout import ROOT
from robust_dml.config import Study, load_study
from robust_dml.config.evaluation import CLEAN, attacks_of
from robust_dml.config.resolve import backbone_of, runs
from robust_dml.report.claims import Claim, load_claims
from robust_dml.report.claims.condition import Selection

CLAIMS = load_claims(ROOT / "config/claims.yaml")
STUDIES = sorted((ROOT / "config").glob("*.yaml"))
NO_STUDIES = {"claims.yaml", "config.yaml", "datasets.yaml"}


@pytest.fixture(scope="module")
def studies() -> dict[str, Study]:
    """The studies of config/, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        loaded = [load_study(path) for path in STUDIES if path.name not in NO_STUDIES]
    return {study.name: study for study in loaded}


def planned_rows(study: Study) -> Iterator[dict[str, Any]]:
    """What metrics.csv will hold, without values: one row per model, attack and radius."""
    for run in {run._replace(seed=0): None for run in runs(study)}:
        model = {"dataset": run.dataset, "loss": run.loss, "training": run.training}
        model["backbone"] = backbone_of(study, run)[0]
        yield {**model, "attack": CLEAN.name}
        for at in attacks_of(study):
            attack = {"attack": at.name, "epsilon": at.epsilon, "norm": at.attack.norm}
            yield {**model, **attack, "objective": at.attack.objective, "steps": at.attack.steps}


def is_planned(wanted: Selection, rows: list[dict[str, Any]]) -> bool:
    of_row = {key: value for key, value in wanted.given().items() if key not in ("protocol", "metric")}
    return any(all(row.get(key) == value for key, value in of_row.items()) for row in rows)


def is_tested_by(claim: Claim, study: Study) -> bool:
    """Whether a study has the rows of every case of a claim."""
    if claim.studies is not None and study.name not in claim.studies:
        return False
    rows = list(planned_rows(study))
    sides = [side for side in (claim.of, claim.to) if side is not None]
    return all(is_planned(side.over(case), rows) for case in claim.each_case() for side in sides)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_study_that_ships_tests_the_claim(claim: Claim, studies: dict[str, Study]) -> None:
    assert any(is_tested_by(claim, study) for study in studies.values())


def test_the_claims_of_the_paper_are_there() -> None:
    assert len([claim for claim in CLAIMS if claim.id.startswith("paper-")]) >= 7


@pytest.mark.parametrize("lost", ["joint", "robust-positive"])
def test_a_claim_without_its_training_is_not_planned(lost: str, studies: dict[str, Study]) -> None:
    paper = studies["paper"]
    rows = [row for row in planned_rows(paper) if row["training"] != lost]
    claim = next(claim for claim in CLAIMS if claim.id == "paper-dependence")
    sides = [side.over(case) for case in claim.each_case() for side in (claim.of, claim.to) if side is not None]
    assert not all(is_planned(side, rows) for side in sides)
    assert all(is_planned(side, list(planned_rows(paper))) for side in sides)


def test_the_papers_grid_is_complete(studies: dict[str, Study]) -> None:
    rows = list(planned_rows(studies["paper"]))
    slots = ("robust-positive", "robust-negative", "robust-anchor")
    for dataset in ("cub200", "cars196", "sop"):
        for loss in ("contrastive", "triplet"):
            for training in ("natural", *slots, "joint"):
                for name in ("fgsm", "pgd", "carlini-wagner"):
                    wanted = Selection(dataset=dataset, loss=loss, training=training, attack=name, norm="linf")
                    assert is_planned(wanted, rows), wanted
                    l2 = wanted.model_copy(update={"attack": f"{name}-l2", "norm": "l2"})
                    assert is_planned(l2, rows), l2
        assert is_planned(Selection(dataset=dataset, loss="triplet", training="visualphishnet"), rows)
    assert is_planned(Selection(dataset="gaussians", backbone="plane"), rows)


def test_visualphish_has_its_rivals_network_and_the_gallery_of_training(studies: dict[str, Study]) -> None:
    study = studies["visualphish"]
    assert study.datasets["visualphish"].gallery == "train"
    networks = {run.training: backbone_of(study, run)[1].kind for run in runs(study)}
    assert networks["visualphishnet"] == "visualphishnet" and networks["robust-positive"] == "resnet50"


def test_the_figures_and_tables_that_the_paper_needs_are_wanted(studies: dict[str, Study]) -> None:
    from robust_dml.records import FIGURES, TABLES

    paper = studies["paper"]
    assert {"main", "slot", "rate", "rival"} <= {name for name in TABLES.names if TABLES.load(name).wanted(paper)}
    assert {"gaussians", "slot"} <= {name for name in FIGURES.names if FIGURES.load(name).wanted(paper)}


def test_every_study_says_its_command_and_its_cost() -> None:
    for path in STUDIES:
        if path.name not in NO_STUDIES:
            text = Path(path).read_text(encoding="utf-8")
            assert "# command:" in text and "# cost:" in text, path.name
