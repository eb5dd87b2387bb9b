"""Ten numbers and two curves of a study, recomputed from metrics.csv and the histories."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import fmean

import pytest

from checkout import ROOT
from robust_dml.config import Study, load_study
from robust_dml.config.paths import results_in
from robust_dml.report.headlines import MODELS, headline_models, headline_numbers, write_headlines
from robust_dml.report.results import Results
from robust_dml.report.selection import curve, headline

FOLDER = Path("results/made-up")


def mean_recall(model: tuple[str, str, str], attack: str, epsilon: float) -> float:
    """The mean over seeds of recall@1, straight from the rows of metrics.csv."""
    with (FOLDER / "metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    values = [
        float(row["value"])
        for row in rows
        if (row["dataset"], row["loss"], row["training"]) == model
        and (row["attack"], row["metric"], row["protocol"]) == (attack, "recall@1", "masked")
        and float(row["epsilon"]) == epsilon
    ]
    return fmean(values)


@pytest.fixture
def written(results: Results) -> Study:
    assert [path.name for path in write_headlines(results.study)] == ["metrics.json", "recall.csv", "training.csv"]
    return results.study


def test_at_most_ten_numbers_natural_and_robust_among_them(written: Study) -> None:
    numbers = json.loads((FOLDER / "metrics.json").read_text())
    assert list(numbers) == ["clean", "attacked"] and sum(map(len, numbers.values())) <= 2 * MODELS == 10
    main = headline(written)
    for model in headline_models(written):
        assert numbers["clean"][model.training] == pytest.approx(mean_recall(model, "none", 0.0), abs=1e-6)
        found = mean_recall(model, main.name, main.epsilon)
        assert numbers["attacked"][model.training] == pytest.approx(found, abs=1e-6)
    assert {"natural", "robust-anchor"} <= numbers["clean"].keys()


def test_the_curve_of_recall_starts_without_an_attack(written: Study) -> None:
    with (FOLDER / "recall.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["training"] == "natural"]
    assert [float(row["epsilon"]) for row in rows] == [0.0, *(at.epsilon for at in curve(written))]
    model = headline_models(written)[0]
    for row, at in zip(rows[1:], curve(written), strict=True):
        assert float(row["recall@1"]) == pytest.approx(mean_recall(model, at.name, at.epsilon), abs=1e-6)


def test_the_curve_of_training_is_the_mean_of_the_histories(written: Study) -> None:
    model = headline_models(written)[0]
    with (FOLDER / "training.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["training"] == model.training]
    folders = sorted(Path(FOLDER, "models", *model).iterdir())
    histories = [list(csv.DictReader((folder / "history.csv").open())) for folder in folders]
    assert rows and len(rows) == len(histories[0])
    for row, *epochs in zip(rows, *histories, strict=True):
        losses = [float(epoch["loss"]) for epoch in epochs if epoch["loss"]]
        assert float(row["loss"] or 0) == pytest.approx(fmean(losses) if losses else 0, abs=1e-6)


@pytest.mark.parametrize("file", sorted((ROOT / "headlines/metrics").glob("*.json")), ids=lambda file: file.stem)
def test_headlines_in_git_are_those_of_the_record(file: Path) -> None:
    record = ROOT / "records" / file.stem
    if not record.exists():
        assert json.loads(file.read_text()) == {}
        return
    with results_in(record):
        study = load_study(ROOT / "config" / f"{file.stem}.yaml")
        assert json.loads(file.read_text()) == headline_numbers(Results(study))
