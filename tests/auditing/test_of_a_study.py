"""A trained model of a study through the audit: the study's numbers, byte for byte."""

from __future__ import annotations

import csv
from pathlib import Path

from auditing.small_study import FOLDER
from robust_dml.cli.main import main
from robust_dml.config.paths import MODEL_FILES

NUMBERS = ("seed", "attack", "norm", "epsilon", "steps", "objective", "protocol", "metric", "value", "low", "high")


def numbers(path: Path) -> list[list[str]]:
    """The rows of a metrics.csv, without the names of the model."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [[row[name] for name in NUMBERS] for row in csv.DictReader(stream)]


def test_the_numbers_are_those_of_the_study(study_folder: Path) -> None:
    assert main(["audit", str(FOLDER), "study.yaml:digits", "--out", "audit"]) == 0
    found = numbers(Path("audit/metrics.csv"))
    assert found == numbers(Path("results/small/metrics.csv")) and len(found) > 10
    (model,) = Path("audit").glob("models/**/model.safetensors")
    assert model.read_bytes() == (FOLDER / MODEL_FILES[0]).read_bytes()


def test_the_only_dataset_of_a_study_needs_no_name(study_folder: Path) -> None:
    assert main(["audit", str(FOLDER), "study.yaml", "--out", "audit", "--queries", "20", "--radii", "1/255"]) == 0
    values = {row[0:8][3]: row for row in numbers(Path("audit/metrics.csv"))}
    assert set(values) == {"0.0", str(1 / 255)}


def test_a_dataset_that_the_study_lacks_is_one_line(study_folder: Path, capsys) -> None:
    assert main(["audit", str(FOLDER), "study.yaml:birds", "--out", "audit"]) == 1
    assert capsys.readouterr().err.strip().endswith("study.yaml: the study has no dataset birds; it has digits")
