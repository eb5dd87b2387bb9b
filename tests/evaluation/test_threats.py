"""Ranking attacks as threats of a study: own numbers, own file, own table, and nothing in metrics.csv."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from evaluation.tiny_study import MODEL, MakeStudy, evaluate, result, stored
from robust_dml.config import Study
from robust_dml.config.threats import threats_of
from robust_dml.evaluation.collect import collect
from robust_dml.evaluation.planned import score_names
from robust_dml.evaluation.score import Evaluation
from robust_dml.evaluation.threat_scores import posed_threat, write_threats
from robust_dml.records import THREATS
from robust_dml.report.cells import Numbers
from robust_dml.report.results import Results
from robust_dml.report.tables.ranking import ENTRY
from robust_dml.runtime.errors import UserError

RANKING = [name for name in THREATS.names if THREATS.load(name).pose is not None]
PGD = {"optimiser": "pgd", "epsilon": 0.1, "steps": 8}
STUDY: dict[str, Any] = {
    "threats": {
        **{name: {**PGD, "threat": name} for name in RANKING},
        "bugs": {**PGD, "threat": "gtm", "as_released": True},
    },
    "attacks": {"pgd": {"optimiser": "pgd", "epsilon": 0.02, "steps": 1, "as_released": False}},
    "evaluation": {"batch": 300, "block": 500, "check_queries": 0},
    "report": {"examples": 4},
    "trainings": {"natural": {"method": "natural"}},
}


@pytest.fixture
def study(make_study: MakeStudy) -> Study:
    return make_study(**STUDY)


def test_every_threat_moves_its_own_number_and_no_other_file_changes(study: Study) -> None:
    evaluate(study)
    file, evaluation = result("threats"), Evaluation(study, MODEL)
    assert set(file["threats"]) == {at.label for at in threats_of(study)}
    for at in threats_of(study):
        threat = THREATS.load(at.attack.threat)
        found = file["threats"][at.label]["values"]
        assert list(found) == list(threat.numbers)
        posed = posed_threat(at, evaluation.queries, evaluation.gallery, MODEL.seed)
        clean = {name: float(value.mean()) for name, value in posed.scores(evaluation.queries.embeddings).items()}
        fallen = (clean[threat.metric] - found[threat.metric]) * (1 if threat.higher_is_safer else -1)
        assert fallen > 0, (at.label, clean, found)
        moved = posed.scores(torch.from_numpy(stored(at.label).embeddings))
        assert found[threat.metric] == pytest.approx(float(moved[threat.metric].mean()), abs=1e-6)
        assert np.abs(stored(at.label).norm).max() <= 0.1 + 1e-6
    assert {"clean.json", "pgd-0.02.json", "threats.json"} < set(score_names(study))
    assert not {name for name in score_names(study) if name.startswith("gtm")}
    rows = collect(study).read_text()
    assert not any(f",{name}," in rows for name in RANKING)


def test_a_query_that_the_model_cannot_embed_counts_as_a_success(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate(study)
    evaluation = Evaluation(study, MODEL)
    for at in threats_of(study):
        evaluation.stored.load(at.label).embeddings[:] = np.nan
    write_threats(evaluation)
    found = result("threats")["threats"]
    assert found["ltm-0.1"]["values"] == {"recall@1": 0.0}
    assert found["qa-minus-0.1"]["values"] == {"rank": 1.0}
    assert found["es-0.1"]["values"] == {"recall@1": 0.0, "shift": 2.0}


def test_the_table_has_ers_beside_recall_and_marks_collapse(study: Study) -> None:
    evaluate(study)
    table = ENTRY.build(Numbers(Results(study)))
    row = {column.key: cell for column, cell in zip(table.columns, table.rows[0].cells, strict=True)}
    file = result("threats")
    values = {label: found["values"] for label, found in file["threats"].items()}
    terms = [
        *(200 * values["ca-plus-0.1"]["rank"], 100 - 100 * values["ca-minus-0.1"]["rank"]),
        *(200 * values["qa-plus-0.1"]["rank"], 100 - 100 * values["qa-minus-0.1"]["rank"]),
        *(100 * (1 - values["tma-0.1"]["cosine"]), 50 * (2 - values["es-0.1"]["shift"])),
        *(100 * values[f"{name}-0.1"]["recall@1"] for name in ("es", "ltm", "gtm")),
        100 * values["gtt-0.1"]["retain@4"],
    ]
    (ers,) = (cell.mean for key, cell in row.items() if key.startswith("ers"))
    assert ers == pytest.approx(sum(terms) / 10)
    assert row["clean recall@1"].mean == pytest.approx(100 * file["clean"]["recall@1"])
    expected = "seeds 0" if file["clean"]["cosine"] > 0.99 else "no"
    assert row["collapsed"].text == expected


def test_a_study_without_threats_has_no_table(make_study: MakeStudy) -> None:
    study = make_study()
    assert not ENTRY.wanted(study) and "threats.json" not in score_names(study)


@pytest.mark.parametrize(
    ("threat", "message"),
    [
        ({"threat": "query"}, "judged by recall@1"),
        ({"threat": "gtm", "objective": "margin"}, "has one of its own"),
        ({"threat": "gtm", "optimiser": "noise"}, "climbs no objective"),
        ({"threat": "nothing"}, "no such threat"),
    ],
)
def test_impossible_threats_are_refused(make_study: MakeStudy, threat: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_study(threats={"own": {**PGD, **threat}})


def test_a_ranking_threat_is_no_attack(make_study: MakeStudy) -> None:
    with pytest.raises(UserError, match=r"attacks\.own\.threat: gtm has its own number; list it under `threats`"):
        make_study(attacks={"own": {**PGD, "threat": "gtm"}}, report={})
    with pytest.raises(UserError, match=r"threats\.pgd: an attack has this name"):
        make_study(threats={"pgd": {**PGD, "threat": "gtm"}})
