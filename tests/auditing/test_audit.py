"""`robust-dml audit`: the files of a study from one command, the same numbers, the same bytes after a kill."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import robust_dml
from checkout import ROOT
from robust_dml.cards.card import read_card
from robust_dml.cli.main import main
from robust_dml.runtime.files import read_json

SMALL = ["--size", "16", "--radii", "2/255", "8/255", "--device", "cpu"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
# The command in a process of its own, with the steps that the other tests of this folder give to the protocol.
KILLED = """
import sys
import pytest
from auditing.conftest import shorten
from robust_dml.cli.main import main

with pytest.MonkeyPatch.context() as patch:
    shorten(patch)
    sys.exit(main(["audit", "encoders:small", "photos", "--out", "killed", *sys.argv[1:]]))
"""


def audit(encoder: str, *options: str, out: str = "audit") -> int:
    return main(["audit", encoder, "photos", "--out", out, *SMALL, *options])


def rows(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(out, "metrics.csv").read_text().splitlines()))


def same_bytes(one: Path, other: Path) -> None:
    scores = [path for path in one.glob("attacks/**/*.json") if path.name != "run.json"]  # that says when it was made
    assert len(scores) >= 3
    for path in [one / "metrics.csv", one / "card.json", *scores]:
        assert path.read_bytes() == (other / path.relative_to(one)).read_bytes(), path


def test_the_files_are_those_of_a_study(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("encoders:small") == 0
    out = Path("audit")
    for name in ("metrics.csv", "metrics.csv.sha256", "card.json", "checks.json", "report.html", "data/photos.csv"):
        assert (out / name).stat().st_size > 0, name
    assert list(out.glob("figures/*.png"))
    assert not list(out.glob("state/**/*.npz")) and not Path("results").exists()
    printed = capsys.readouterr()
    assert "recall@1 of 20 queries" in printed.out and "compared by cosine" in printed.err
    standard = [row for row in rows("audit") if row["attack"].startswith("standard")]
    assert [float(row["epsilon"]) for row in standard if row["metric"] == "recall@1"] == [2 / 255, 8 / 255]
    _a_card_has_the_numbers_of_the_metrics()


def _a_card_has_the_numbers_of_the_metrics() -> None:
    card = read_card(Path("audit/card.json"))
    found = {
        float(row["epsilon"]): [float(row[name]) for name in ("value", "low", "high")]
        for row in rows("audit")
        if row["metric"] == "recall@1" and row["protocol"] == "masked"
    }
    stated = {at.epsilon: [at.recall.value, at.recall.low, at.recall.high] for at in card.seeds[0].radii}
    assert stated == found
    assert card.right(8 / 255).mean() == found[8 / 255][0]
    assert (card.data.queries, card.data.gallery, card.data.classes, card.data.size) == (20, 20, 4, 16)
    assert card.model.weights == {"0": read_json(next(Path("audit").glob("models/**/run.json")))["model_sha256"]}


def test_threats_are_measured_once_and_shown_on_the_page(folder: Path) -> None:
    assert audit("encoders:small", "--threats", "hub", "universal") == 0
    found = {path.stem: path for path in Path("audit").glob("threats/**/*.json")}
    assert set(found) == {"hub", "universal"} and Path("audit/threats.csv").exists()
    levels = {reading["level"] for reading in read_json(found["hub"])["readings"]}
    assert levels == {0.0, 2 / 255, 8 / 255}  # the radii that were asked for
    assert "Adversarial hubs" in Path("audit/report.html").read_text()
    before = {path: path.stat().st_mtime_ns for path in found.values()}
    assert audit("encoders:small", "--threats", "hub", "universal") == 0
    assert before == {path: path.stat().st_mtime_ns for path in found.values()}


def test_an_unknown_threat_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("encoders:small", "--threats", "hubs") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "did you mean hub?" in error and not Path("audit/metrics.csv").exists()


def test_a_kill_and_a_second_call_end_in_the_same_bytes(folder: Path) -> None:
    assert audit("encoders:small", out="whole") == 0
    process = subprocess.Popen([sys.executable, "-c", KILLED, *SMALL], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(Path("killed").glob("state/attack/**/block-*.npz")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not Path("killed/card.json").exists()
    assert audit("encoders:small", out="killed") == 0
    same_bytes(Path("whole"), Path("killed"))


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("encoders:not_finite", "not finite"),
        ("encoders:wrong_shape", "expected embeddings"),
        ("encoders:raises", "cannot be built: FileNotFoundError: weights.pt"),
        ("encoders:absent", "cannot be built: AttributeError"),
        ("nowhere:build", "no module nowhere"),
        ("nowhere.pt", "a file that exists"),
        ("photos", "expected the folder of a trained model"),
    ],
)
def test_an_encoder_that_cannot_be_measured_is_one_line(
    encoder: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(encoder) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not Path("audit").exists()


@pytest.mark.parametrize("encoder", ["constant", "random", "of_batch", "without_gradient"])
def test_an_encoder_that_cannot_be_trusted_is_unverified(encoder: str, folder: Path) -> None:
    assert audit(f"encoders:{encoder}") == 0
    card = read_card(Path("audit/card.json"))
    assert card.verdict == "unverified" and card.reasons


def test_the_length_of_embeddings_changes_nothing(folder: Path) -> None:
    assert audit("encoders:long", out="long") == audit("encoders:short", out="short") == 0
    values = [[(row["epsilon"], row["metric"], row["value"]) for row in rows(out)] for out in ("long", "short")]
    assert values[0] == values[1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("nothing", "expected a folder of class folders, a CSV file, or STUDY.yaml:DATASET"),
        ("photos/class-0", "expected images of at least 2 classes"),
    ],
)
def test_images_that_cannot_be_used_are_one_line(
    data: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "encoders:small", data, "--out", "audit", *SMALL]) == 1
    assert message in capsys.readouterr().err


def test_the_face_of_the_package_imports_no_torch() -> None:
    code = "import sys, robust_dml; robust_dml.__version__; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT).returncode == 0
    assert "audit" in dir(robust_dml)
