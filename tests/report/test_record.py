"""Records: a deliberate copy of a finished run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checkout import ROOT
from robust_dml.cli import main
from robust_dml.config import Study, load_study
from robust_dml.config.paths import results_folder
from robust_dml.report.catalogue import report_files
from robust_dml.report.record import _recorded
from robust_dml.report.results import Results


@pytest.fixture
def finished(results: Results, study: Study, made_up_folder: Path, tmp_path: Path, monkeypatch) -> Path:
    """A working folder with results of which every file of the report exists."""
    shutil.copytree(made_up_folder, tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    for file in [*report_files(study), Path("results/made-up/metrics.json")]:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text("made up")
    return tmp_path / "run"


def test_a_record_is_what_the_run_made_and_the_terminal_showed(finished: Path, study_file: Path, capsys) -> None:
    assert main(["summary", str(study_file)]) == 0
    shown = capsys.readouterr().out
    assert main(["record", str(study_file)]) == 0
    record, run = finished / "records/made-up", finished / "results/made-up"
    assert (record / "summary.txt").read_text() in shown
    copies = [file for file in record.rglob("*") if file.is_file() and file.name != "summary.txt"]
    assert {"metrics.csv", "claims.json", "main.csv", "epsilon.png"} <= {file.name for file in copies}
    assert {file.suffix for file in copies} == {".csv", ".sha256", ".json", ".png"}
    for file in copies:
        assert file.read_bytes() == (run / file.relative_to(record)).read_bytes()


def test_a_new_record_replaces_the_old_one(finished: Path, study_file: Path) -> None:
    old = finished / "records/made-up/tables/old.csv"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    assert main(["record", str(study_file)]) == 0
    assert not old.exists() and (old.parent / "main.csv").exists()


def test_cards_are_kept_of_a_study_with_the_standard_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: Study
) -> None:
    field = load_study(ROOT / "config" / "field.yaml")
    monkeypatch.chdir(tmp_path)
    for name in ("b", "a"):
        file = results_folder("field") / "cards" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    assert _recorded(field)[-3:] == ["card.json", "cards/a.json", "cards/b.json"]
    assert not [name for name in _recorded(study) if "card" in name]


def test_an_unfinished_run_is_not_recorded(finished: Path, study_file: Path, capsys) -> None:
    (finished / "results/made-up/report.html").unlink()
    assert main(["record", str(study_file)]) == 1
    assert "report.html: no such file; finish the run" in capsys.readouterr().err
    assert not (finished / "records").exists()
