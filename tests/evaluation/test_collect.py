"""metrics.csv, from the results of a study."""

from __future__ import annotations

import csv

import pytest

from evaluation.tiny_study import MakeStudy, evaluate, result
from robust_dml.cli.main import main
from robust_dml.evaluation.collect import COLUMNS, collect


def test_a_row_per_number(make_study: MakeStudy, capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study()
    evaluate(study)
    path = collect(study, partial=True)
    assert "4 of 8 results do not exist, such as" in capsys.readouterr().err
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 4 * 2 * 6
    pgd = result("pgd-0.05")
    (row,) = [
        r
        for r in rows
        if (r["attack"], r["epsilon"]) == ("pgd", "0.05") and r["protocol"] == "masked" and r["metric"] == "map@r"
    ]
    assert float(row["value"]) == pgd["metrics"]["masked"]["map@r"]
    assert (row["norm"], row["steps"], row["objective"], row["training"]) == ("linf", "3", "margin", "natural")
    clean = [r for r in rows if r["attack"] == "none"]
    assert {(r["norm"], r["epsilon"], r["steps"], r["objective"]) for r in clean} == {("", "0.0", "0", "")}


def test_missing_results_are_refused_unless_asked_for(
    make_study: MakeStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(make_study())
    assert main(["collect", "study.yaml"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "4 of 8 results do not exist, such as" in error and "--partial" in error
    assert main(["collect", "study.yaml", "--partial"]) == 0


def test_no_results_at_all_is_one_line(make_study: MakeStudy, capsys: pytest.CaptureFixture[str]) -> None:
    make_study()
    assert main(["collect", "study.yaml"]) == 1
    assert "no attack results" in capsys.readouterr().err


def test_commands(make_study: MakeStudy, capsys: pytest.CaptureFixture[str]) -> None:
    make_study(attacks={}, report={"examples": 1})
    names = ["--dataset", "digits", "--loss", "triplet", "--seed", "0", "--training"]
    assert main(["attack", "study.yaml", *names, "natural"]) == 0
    assert main(["score", "study.yaml", *names, "natural"]) == 0
    assert main(["collect", "study.yaml", "--partial"]) == 0
    assert capsys.readouterr().out.strip().endswith("metrics.csv")
    assert main(["attack", "study.yaml", *names, "robust"]) == 1
    assert "no model digits/triplet/robust" in capsys.readouterr().err
