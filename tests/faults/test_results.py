"""Results that were cut, edited or exchanged are named by whoever reads them, never averaged in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from faults.pipeline import ATTACKS, FILE, MODEL, MODELS, OTHER, names_of
from robust_dml.cli.main import main
from robust_dml.evaluation.collect import COLUMNS
from robust_dml.runtime.sealed import write_checksum

METRICS = Path("results/ci/metrics.csv")
OTHER_ATTACKS, OTHER_MODELS = (Path("results/ci", kind) / OTHER.path for kind in ("attacks", "models"))
STORED = ATTACKS / "embeddings"


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """Return the one line with which a command is refused."""
    capsys.readouterr()
    assert main(list(command)) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("robust-dml: error: ")
    return line


def edit_json(path: Path, *keys: str, value: object) -> None:
    """Replace a value of a JSON file."""
    content = json.loads(path.read_text())
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(content, indent=2))


def lines(change: Callable[[list[str]], list[str]]) -> None:
    """Change the lines of metrics.csv."""
    METRICS.write_text("\n".join(change(METRICS.read_text().splitlines())) + "\n")


def with_value(row: str, value: str) -> str:
    """Return a line of metrics.csv with another value."""
    cells = row.split(",")
    cells[COLUMNS.index("value")] = value
    return ",".join(cells)


SCORES = {
    "a better recall": lambda: edit_json(ATTACKS / "pgd-0.1.json", "metrics", "masked", "recall@1", value=0.99),
    "a recall of 1.7": lambda: edit_json(ATTACKS / "pgd-0.1.json", "metrics", "masked", "recall@1", value=1.7),
    "NaN": lambda: edit_json(ATTACKS / "pgd-0.1.json", "metrics", "masked", "recall@1", value=float("nan")),
    "a negative recall": lambda: edit_json(ATTACKS / "pgd-0.1.json", "metrics", "masked", "recall@1", value=-0.1),
    "a query more": lambda: edit_json(ATTACKS / "pgd-0.1.json", "counts", "scored", value=897),
    "half a file": lambda: (ATTACKS / "pgd-0.1.json").write_text((ATTACKS / "pgd-0.1.json").read_text()[:500]),
    "an empty file": lambda: (ATTACKS / "pgd-0.1.json").write_text(""),
    "a list": lambda: (ATTACKS / "pgd-0.1.json").write_text("[]"),
    "without its hash": lambda: (ATTACKS / "pgd-0.1.json").write_text('{"metrics": {}}'),
    "another model's file": lambda: shutil.copy(OTHER_ATTACKS / "pgd-0.1.json", ATTACKS / "pgd-0.1.json"),
    "another attack's file": lambda: shutil.copy(ATTACKS / "fgsm-0.1.json", ATTACKS / "pgd-0.1.json"),
    "a missing file": lambda: (ATTACKS / "pgd-0.1.json").unlink(),
}


@pytest.mark.parametrize("fault", SCORES)
def test_a_wrong_score_file_is_not_collected(damaged: Path, capsys: pytest.CaptureFixture[str], fault: str) -> None:
    SCORES[fault]()
    before = METRICS.read_bytes()
    assert str(ATTACKS / "pgd-0.1.json") in refused(capsys, "collect", FILE)
    assert METRICS.read_bytes() == before


ROWS: dict[str, Callable[[list[str]], list[str]]] = {
    "a better value": lambda rows: [*rows[:-1], with_value(rows[-1], "0.5")],
    "a row twice": lambda rows: [*rows, rows[-1]],
    "a row less": lambda rows: rows[:-1],
    "the rows of a model less": lambda rows: [row for row in rows if "robust-anchor" not in row],
    "a foreign seed": lambda rows: [*rows, rows[-1].replace(",0,", ",7,", 1)],
    "no row": lambda rows: rows[:1],
    "another order": lambda rows: [rows[0], *reversed(rows[1:])],
}


@pytest.mark.parametrize("command", ["tables", "claims", "summary"])
@pytest.mark.parametrize("fault", ROWS)
def test_an_edited_table_of_metrics_is_refused(
    damaged: Path, capsys: pytest.CaptureFixture[str], fault: str, command: str
) -> None:
    lines(ROWS[fault])
    assert str(METRICS) in refused(capsys, command, FILE)


def test_metrics_without_their_checksum_are_refused(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    METRICS.with_name("metrics.csv.sha256").unlink()
    assert "metrics.csv.sha256" in refused(capsys, "tables", FILE)


def test_a_value_out_of_range_is_refused_whatever_the_checksum_says(
    damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines(lambda rows: [*rows[:-1], with_value(rows[-1], "1.7")])
    write_checksum(METRICS)
    assert "expected a value from 0 to 1, found 1.7" in refused(capsys, "tables", FILE)


CHECKS: dict[str, Callable[[], object]] = {
    "a missing file": lambda: (ATTACKS / "checks.json").unlink(),
    "no checks": lambda: (ATTACKS / "checks.json").write_text('{"checks": []}'),
    "an empty file": lambda: (ATTACKS / "checks.json").write_text(""),
    "another verdict": lambda: edit_json(ATTACKS / "checks.json", "checks", value=[]),
}


@pytest.mark.parametrize("fault", CHECKS)
def test_flags_cannot_be_removed(damaged: Path, capsys: pytest.CaptureFixture[str], fault: str) -> None:
    CHECKS[fault]()
    assert str(ATTACKS / "checks.json") in refused(capsys, "tables", FILE)


def swap(left: Path, right: Path) -> None:
    """Exchange two files."""
    right.replace(right.with_name("swapped"))
    left.replace(right)
    right.with_name("swapped").replace(left)


def test_exchanged_models_are_refused(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swap(MODELS / "model.safetensors", OTHER_MODELS / "model.safetensors")
    for command in ("attack", "score"):
        line = refused(capsys, command, FILE, *names_of(MODEL))
        assert str(MODELS / "model.safetensors") in line and "not the model that was trained" in line


def test_exchanged_stored_results_are_refused(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in STORED.iterdir():
        swap(file, OTHER_ATTACKS / "embeddings" / file.name)
    assert "made for another model" in refused(capsys, "score", FILE, *names_of(MODEL))


def test_an_edited_stored_result_is_refused_and_made_again(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = sorted(STORED.iterdir())[0]
    with np.load(file) as arrays:
        content = dict(arrays)
    content["embeddings"] = content["embeddings"] * np.float32(1.01)
    with file.open("wb") as stream:
        np.savez(stream, **content)
    assert str(file) in refused(capsys, "score", FILE, *names_of(MODEL))
    before = METRICS.read_bytes()
    assert main(["attack", FILE, *names_of(MODEL)]) == main(["score", FILE, *names_of(MODEL)]) == 0
    assert main(["collect", FILE]) == 0
    assert METRICS.read_bytes() == before


def test_scores_of_a_model_that_was_trained_again_are_refused(
    damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("model.safetensors", "run.json"):
        shutil.copy(OTHER_MODELS / name, MODELS / name)
    assert "model_sha256" in refused(capsys, "collect", FILE)
