"""Names on the command line: a study for short, and what a mistyped name was meant to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout import ROOT
from robust_dml.cli.arguments import study_file
from robust_dml.cli.main import main


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("demo", "config/demo.yaml"),
        ("config/demo.yaml", "config/demo.yaml"),
        ("elsewhere/mine.yaml", "elsewhere/mine.yaml"),
        ("dmeo", "dmeo"),
    ],
)
def test_a_study_is_a_path_or_a_name_in_config(word: str, path: str) -> None:
    assert study_file(word) == Path(path)


def test_a_file_goes_before_a_name_in_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/demo.yaml").touch()
    (tmp_path / "demo").mkdir()
    assert study_file("demo") == Path("config/demo.yaml")
    (tmp_path / "demo").rmdir()
    (tmp_path / "demo").touch()
    assert study_file("demo") == Path("demo")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("plann demo", "no such command: plann (did you mean plan?); robust-dml --help lists them"),
        ("xyzzy", "no such command: xyzzy; robust-dml --help lists them"),
        (
            "plan dmo",
            "config/ has ci, demo, field, paper-short, paper, photographs, threats, visualphish (did you mean demo?)",
        ),
        ("index ci --dataset digts", "the study has no dataset digts (did you mean digits?); it has digits"),
        ("data verify ci --dataset digts", "the study has no dataset digts (did you mean digits?); it has digits"),
        ("download ci --dataset digts", "the study has no dataset digts (did you mean digits?); it has digits"),
        (
            "train ci --dataset digits --loss triplet --training naturl --seed 0",
            "the study has no model digits/triplet/naturl/seed0 (did you mean natural?); `robust-dml",
        ),
        ("list optimizer", "no such kind: optimizer (did you mean optimiser?); known are dataset"),
        ("figures ci --only curve", "has no figure curve (did you mean curves?); it has retrieval, curves, shift"),
    ],
)
def test_a_mistyped_name_is_one_line_with_the_name_that_was_meant(
    words: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 1
    error = capsys.readouterr().err
    assert error.startswith("robust-dml: error: ") and error.count("\n") == 1
    assert line in error


def test_without_studies_a_missing_one_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "demo"]) == 1
    assert "go to the folder that has config/, or give the path of a YAML file" in capsys.readouterr().err
