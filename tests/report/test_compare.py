"""A run beside the numbers of record."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from robust_dml.cli import main
from robust_dml.evaluation.collect import COLUMNS

ROW = ["digits", "small", "triplet", "natural", "0", "pgd", "linf", "0.1", "10", "margin", "masked"]


def write(folder: Path, *rows: tuple[str, float, float | str, float | str]) -> Path:
    """Write metrics.csv of one attack: metric, value and interval of each row."""
    folder.mkdir(exist_ok=True)
    with (folder / "metrics.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *([*ROW, *row] for row in rows)])
    return folder


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write(tmp_path / "record", ("recall@1", 0.5, 0.4, 0.6), ("recall@2", 0.7, 0.6, 0.8), ("nmi", 0.3, "", ""))


def test_numbers_within_their_intervals_are_no_difference(record: Path, tmp_path: Path, capsys) -> None:
    run = write(tmp_path / "run", ("recall@1", 0.6, 0.5, 0.7), ("recall@2", 0.6, 0.5, 0.7), ("nmi", 0.9, "", ""))
    assert main(["compare", str(record), str(run)]) == 0
    assert capsys.readouterr().out == (
        "no number differs; 2 numbers compared within their 95 % intervals, 1 have none\n"
    )


def test_each_number_outside_its_interval_is_told(record: Path, tmp_path: Path, capsys) -> None:
    run = write(tmp_path / "run", ("recall@1", 0.39, 0.3, 0.5), ("recall@2", 0.7, 0.6, 0.8), ("nmi", 0.3, "", ""))
    assert main(["compare", str(record), str(run)]) == 1
    told = capsys.readouterr()
    assert told.out == (
        "digits/triplet/natural, seed 0, pgd-0.1, recall@1 (masked): "
        "found 0.3900, recorded 0.5000, interval 0.4000 to 0.6000\n"
    )
    assert "1 numbers differ" in told.err


def test_numbers_of_one_side_alone_are_told(record: Path, tmp_path: Path, capsys) -> None:
    run = write(tmp_path / "run", ("recall@1", 0.5, 0.4, 0.6), ("recall@4", 0.8, 0.7, 0.9), ("nmi", 0.3, "", ""))
    assert main(["compare", str(record), str(run)]) == 1
    out = capsys.readouterr().out
    assert "recall@2 (masked): recorded 0.7000, missing in the run" in out
    assert "recall@4 (masked): found 0.8000, missing in the record" in out
    assert len(out.splitlines()) == 2


def test_a_missing_run_is_one_line(record: Path, tmp_path: Path, capsys) -> None:
    assert main(["compare", str(record), str(tmp_path / "nothing")]) == 1
    assert capsys.readouterr().err == f"robust-dml: error: {tmp_path / 'nothing/metrics.csv'}: no such file\n"
