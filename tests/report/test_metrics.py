"""metrics.csv is read strictly: a line that is damaged, repeated or of another study is refused and named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from report.made_up_results import write_rows
from robust_dml.config import Study
from robust_dml.report.metrics import MetricRow, missing_results, read_metrics
from robust_dml.report.results import Results
from robust_dml.runtime.errors import UserError


@pytest.fixture(scope="module")
def lines(study: Study, made_up_folder: Path) -> list[str]:
    return (made_up_folder / "results/made-up/metrics.csv").read_text().splitlines()


def read(study: Study, tmp_path: Path, lines: list[str]) -> list[MetricRow]:
    path = tmp_path / "metrics.csv"
    path.write_text("\n".join(lines) + "\n")
    return read_metrics(path, study)


def refused(study: Study, tmp_path: Path, lines: list[str]) -> str:
    with pytest.raises(UserError) as error:
        read(study, tmp_path, lines)
    assert "\n" not in str(error.value)
    assert "run snakemake" in str(error.value)
    return str(error.value)


def changed(lines: list[str], column: str, text: str, number: int = 3) -> list[str]:
    """The lines with one value of line `number` replaced."""
    names, values = lines[0].split(","), lines[number - 1].split(",")
    values[names.index(column)] = text
    return [*lines[: number - 1], ",".join(values), *lines[number:]]


def test_every_line_is_read(study: Study, tmp_path: Path, lines: list[str]) -> None:
    rows = read(study, tmp_path, lines)
    assert len(rows) == len(lines) - 1
    assert rows[0].label == "clean"
    assert [f"{rows[0].value}", f"{rows[0].low}", f"{rows[0].high}"] == lines[1].split(",")[-3:]


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        ("value", "nan", "line 3: value: expected a finite number, found 'nan'"),
        ("value", "inf", "line 3: value: expected a finite number, found 'inf'"),
        ("value", "", "line 3: value: expected a finite number, found ''"),
        ("value", "high", "line 3: value: expected a finite number, found 'high'"),
        ("value", "1.5", "line 3: recall@2: expected a value from 0 to 1, found 1.5"),
        ("value", "-0.1", "line 3: recall@2: expected a value from 0 to 1, found -0.1"),
        ("seed", "7", "line 3: the study has no model digits/contrastive/natural/seed7"),
        ("seed", "0.5", "line 3: seed: expected a whole number, found '0.5'"),
        ("training", "unnatural", "line 3: the study has no model digits/contrastive/unnatural/seed0"),
        ("attack", "deepfool", "line 3: the study has no attack deepfool-0"),
        ("protocol", "mask", "line 3: protocol: expected masked or as-released, found 'mask'"),
        ("backbone", "large", "line 3: backbone: the study has small, the file has large"),
        ("metric", "recall@1", "line 3: the same model, attack, protocol and metric as in line 2"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(
    study: Study, tmp_path: Path, lines: list[str], column: str, text: str, message: str
) -> None:
    assert message in refused(study, tmp_path, changed(lines, column, text))


@pytest.mark.parametrize(("column", "text"), [("steps", "11"), ("norm", "l2"), ("objective", "margin")])
def test_a_result_under_other_settings_than_the_studys_is_refused(
    study: Study, tmp_path: Path, lines: list[str], column: str, text: str
) -> None:
    number = next(n for n, line in enumerate(lines, start=1) if ",pgd,linf,0.1,10," in line)
    assert f"line {number}: {column}: the study has" in refused(study, tmp_path, changed(lines, column, text, number))


def test_a_repeated_line_is_refused(study: Study, tmp_path: Path, lines: list[str]) -> None:
    assert f"line {len(lines) + 1}: the same model" in refused(study, tmp_path, [*lines, lines[5]])


def test_a_truncated_line_is_refused(study: Study, tmp_path: Path, lines: list[str]) -> None:
    message = refused(study, tmp_path, [*lines[:-1], lines[-1].rsplit(",", 2)[0]])
    assert f"line {len(lines)}: expected a value for each column" in message


def test_a_missing_column_is_refused(study: Study, tmp_path: Path, lines: list[str]) -> None:
    assert "lacks the column high" in refused(study, tmp_path, [line.rsplit(",", 1)[0] for line in lines])


def test_a_file_that_is_no_csv_is_refused(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"metrics\.csv: not a CSV file"):
        read_metrics(path, study)


def test_results_that_are_missing_are_named(study: Study, tmp_path: Path, lines: list[str]) -> None:
    rows = read(study, tmp_path, lines)
    assert missing_results(rows, study) == []
    without_result = [row for row in rows if (row.seed, row.label, row.loss) != (1, "pgd-0.1", "triplet")]
    missing = missing_results(without_result, study)
    assert "digits/triplet/natural, seed 1, pgd-0.1" in missing
    assert len(missing) == len({row.run for row in rows if row.loss == "triplet"}) // 2
    without_line = [row for row in rows if row != rows[1]]
    assert missing_results(without_line, study) == ["digits/contrastive/natural, seed 0, clean, recall@2 (masked)"]


def test_a_report_of_unfinished_results_says_what_is_missing(
    study: Study,
    made_up_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(made_up_folder / "results", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    rows = Results(study).rows
    assert capsys.readouterr().err == ""
    write_rows(study, [row for row in rows if row.label != "noise-0.1"])
    assert len(Results(study).rows) < len(rows)
    runs = len({row.run for row in rows})
    expected = f"lacks digits/contrastive/natural, seed 0, noise-0.1 and {runs - 1} more"
    assert expected in capsys.readouterr().err


def test_a_metric_of_the_users_own_may_have_any_finite_value(study: Study, tmp_path: Path, lines: list[str]) -> None:
    rows = read(study, tmp_path, [*lines, lines[1].replace("recall@1", "spread").rsplit(",", 3)[0] + ",-17.5,,"])
    assert rows[-1] == replace(rows[0], metric="spread", value=-17.5, low=None, high=None)
