"""Claims and reported values: those of the folder, none in a folder without them; a named file must exist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from report.made_up_results import make_results
from report.test_study_shapes import write_study
from robust_dml.cli import main
from robust_dml.config import load_study

CLAIM = """
- {id: own, statement: s, source: s, quantity: value, at_least: 0.5,
   of: {dataset: digits, loss: triplet, training: natural, attack: none}}
"""


@pytest.fixture
def shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with results, in a folder that holds nothing else."""
    monkeypatch.chdir(tmp_path)
    path = write_study(tmp_path, "natural")
    make_results(load_study(path))
    return path


def claims() -> list[str]:
    return [claim["id"] for claim in json.loads(Path("results/shape/claims.json").read_text())["claims"]]


def test_an_empty_folder_has_no_claims_and_no_reported_values(shape: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", str(shape)]) == 0
    assert "no claims to check" in capsys.readouterr().err
    assert claims() == []
    assert main(["tables", str(shape)]) == 0
    assert "reported" not in Path("results/shape/tables/main.csv").read_text().splitlines()[0]


def test_the_files_of_the_folder_are_read(shape: Path) -> None:
    Path("config").mkdir()
    Path("config/claims.yaml").write_text(CLAIM)
    value = "main,digits/triplet/natural,clean recall@1,70,3"
    Path("config/reported.csv").write_text(f"table,row,column,value,page\n{value}\n")
    assert main(["claims", str(shape)]) == 0
    assert claims() == ["own"]
    assert main(["tables", str(shape)]) == 0
    assert "clean recall@1 reported" in Path("results/shape/tables/main.csv").read_text().splitlines()[0]


@pytest.mark.parametrize(
    ("command", "option"),
    [("claims", "--claims"), ("page", "--claims"), ("tables", "--reported"), ("page", "--reported")],
)
def test_a_file_that_is_named_and_absent_is_an_error(
    shape: Path, command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(shape), option, "absent.file"]) == 1
    error = capsys.readouterr().err
    assert "absent.file" in error
    assert len(error.splitlines()) == 1
