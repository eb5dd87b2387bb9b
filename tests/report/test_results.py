"""Damaged result files end in one line that names the file; what is absent is said or is an error, never silent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robust_dml.cli import main
from robust_dml.config import ModelName, Run, Study
from robust_dml.config.evaluation import CLEAN
from robust_dml.report.cells import Numbers
from robust_dml.report.results import Results
from robust_dml.report.selection import headline
from robust_dml.runtime.errors import UserError

RUN = Run("digits", "triplet", "natural", 0)
ATTACKS = Path("results/made-up/attacks/digits/triplet/natural/seed0")
MODEL = Path("results/made-up/models/digits/triplet/natural/seed0")


@pytest.fixture
def copied(study: Study, made_up_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    """Results that a test may damage."""
    for kind in ("attacks", "models"):
        place = Path("results/made-up", kind, *RUN.path.parts)
        shutil.copytree(made_up_folder / place, tmp_path / place)
    for name in ("metrics.csv", "metrics.csv.sha256"):
        shutil.copy(made_up_folder / "results/made-up" / name, tmp_path / "results/made-up" / name)
    monkeypatch.chdir(tmp_path)
    return Results(study)


READERS: dict[str, tuple[Path, Callable[[Results], object]]] = {
    "scores": (ATTACKS / "pgd-0.1.json", lambda results: results.attack(RUN, headline(results.study))),
    "clean scores": (ATTACKS / "clean.json", lambda results: results.attack(RUN, CLEAN)),
    "checks": (ATTACKS / "checks.json", lambda results: results.findings(RUN)),
    "record of the attacks": (ATTACKS / "run.json", lambda results: results.attack_record(RUN)),
    "record of the model": (MODEL / "run.json", lambda results: results.model_record(RUN)),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"null", b'"text"'])
def test_a_json_file_with_another_content_is_one_line(copied: Results, name: str, content: bytes) -> None:
    path, read = READERS[name]
    assert read(copied)
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read(Results(copied.study))
    assert str(error.value).startswith(f"{path}: ")
    assert "run snakemake again" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "keys", "value", "place"),
    [
        ("checks", ("checks", 0, "verdict"), "maybe", "checks.0.verdict"),
        ("checks", ("checks", 0, "taints"), "pgd-0.1", "checks.0.taints"),
        ("scores", ("queries", "shift", 2), "far", "queries.shift.2"),
        ("scores", ("queries", "shift", 2), float("nan"), "queries.shift.2"),
        ("scores", ("counts", "scored"), "60", "counts.scored"),
        ("record of the model", ("totals", "seconds"), None, "totals.seconds"),
        ("record of the attacks", ("attacks", "pgd-0.1"), 3, "attacks.pgd-0.1"),
    ],
)
def test_a_wrong_value_in_json_is_named_with_its_place(
    copied: Results, name: str, keys: tuple[str | int, ...], value: object, place: str
) -> None:
    path, read = READERS[name]
    record = json.loads(path.read_text())
    inner = record
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match=place.replace(".", r"\.")):
        read(copied)


def test_an_attacked_model_without_checks_is_an_error(copied: Results) -> None:
    (ATTACKS / "checks.json").unlink()
    with pytest.raises(UserError, match=r"checks\.json: no such file, but metrics\.csv has attacks on this model"):
        copied.findings(RUN)


def test_a_model_that_has_not_been_attacked_needs_no_checks(copied: Results) -> None:
    (ATTACKS / "checks.json").unlink()
    copied.rows = [row for row in copied.rows if row.label == "clean"]  # type: ignore[misc]
    assert copied.findings(RUN) == ()


def test_what_has_not_run_is_none(copied: Results) -> None:
    other = Run("digits", "triplet", "robust-anchor", 1)
    assert copied.attack(other, CLEAN) is None
    assert copied.model_record(other) is None
    assert copied.history(other) == []
    assert copied.examples(ModelName("digits", "contrastive", "natural")) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n3,", "\nthree,", "line 4: epoch"),
        ("\n3,0.0667", "\n3,nan", "line 4: loss"),
        ("\n3,0.0667", "\n3,low", "line 4: loss"),
        ("epoch,loss,recall@1", "epoch,loss,recall", "lacks the column recall@1"),
    ],
)
def test_a_damaged_history_is_named_with_its_line(copied: Results, old: str, new: str, message: str) -> None:
    path = MODEL / "history.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(UserError, match=message) as error:
        copied.history(RUN)
    assert "\n" not in str(error.value)


def test_history_keeps_what_was_not_measured_as_none(copied: Results) -> None:
    first, second = copied.history(RUN)[:2]
    assert (first.epoch, first.recall, first.adversarial_recall) == (1, None, None)
    assert second.recall == pytest.approx(0.64)


def examples(copied: Results, **changes: np.ndarray | None) -> None:
    """Write the examples of the run again, with arrays changed or left out."""
    with np.load(ATTACKS / "examples.npz") as arrays:
        kept = {**arrays, **changes}
    np.savez(ATTACKS / "examples.npz", **{name: array for name, array in kept.items() if array is not None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clean": None}, "lacks the array clean"),
        ({"label": np.arange(2)}, "expected arrays of one length, found id 6, label 2"),
        ({"embedding_clean": np.zeros((3, 2))}, "expected arrays of one length, found embedding_id 60"),
        ({"neighbours_clean": np.full((6, 4), 999)}, "neighbour 999 has no image"),
    ],
)
def test_examples_whose_arrays_do_not_fit_are_one_line(copied: Results, changes: dict, message: str) -> None:
    model = RUN.model
    assert copied.examples(model)
    examples(copied, **changes)
    with pytest.raises(UserError, match=message):
        copied.examples(model)


@pytest.mark.parametrize("content", [b"", b"no archive", "half"])
def test_examples_that_are_no_archive_are_one_line(copied: Results, content: bytes | str) -> None:
    path = ATTACKS / "examples.npz"
    path.write_bytes(content if isinstance(content, bytes) else path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match=r"examples\.npz: not a NumPy archive") as error:
        copied.examples(RUN.model)
    assert "\n" not in str(error.value)


def test_a_damaged_file_ends_a_command_with_one_line(
    copied: Results, study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ATTACKS / "checks.json").write_text("{")
    assert main(["tables", str(study_file)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("robust-dml: error: ")
    assert "checks.json" in lines[0]


def test_flags_name_check_seeds_and_values(results: Results) -> None:
    model = ModelName("digits", "triplet", "robust-negative")
    numbers = Numbers(results)
    expected = "digits/triplet/robust-negative, seed 0: more steps: observed 3, expected less than 1 point"
    assert numbers.flags(model, "pgd-0.1") == [("more steps", expected)]
    assert numbers.flags(model, "fgsm-0.1") == []
    assert numbers.flags(model._replace(training="natural"), "pgd-0.1") == []
