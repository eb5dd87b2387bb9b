"""`make clean` deletes no result unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from checkout import ROOT
from repository import checked
from workflow.test_study import planned

MODEL = "digits/triplet/natural/seed0"


def clean(folder: Path, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    """Run `make clean` in a folder; `answer` is typed."""
    environment = {key: value for key, value in os.environ.items() if key not in ("STUDY", "YES")}
    command = ["make", "clean", *words]
    return subprocess.run(command, cwd=folder, env=environment, input=answer, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with results, states, logs and caches of two studies, under git, which tracks the metrics."""
    (tmp_path / "workflow/scripts").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "workflow/scripts/clean.py", tmp_path / "workflow/scripts")
    for study in ("mine", "other"):
        names = (f"models/{MODEL}/model.safetensors", f"models/{MODEL}/run.json", "metrics.csv", "report.html")
        for name in names:
            write(tmp_path / "results" / study / name)
        write(tmp_path / "logs" / study / "train_model.log")
    for cache in (".pytest_cache/a", ".snakemake/log/a", ".snakemake/metadata/a", "data/digits/index.csv"):
        write(tmp_path / cache)
    (tmp_path / ".gitignore").write_text("*\n!/results/*/metrics.csv\n")
    checked(tmp_path, "git", "init", "--quiet")
    checked(tmp_path, "git", "add", "--force", "results/mine/metrics.csv")
    checked(tmp_path, "git", "commit", "--quiet", "--message", "state")
    return tmp_path


def write(path: Path, seconds: int = 1000) -> Path:
    """A file that was written so many seconds after 1970."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("content")
    os.utime(path, (seconds, seconds))
    return path


def results(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in (folder / "results").rglob("*") if path.is_file()}


def test_results_and_data_stay(folder: Path) -> None:
    before = results(folder)
    assert clean(folder).returncode == 0
    assert results(folder) == before
    assert not (folder / "logs").exists() and not (folder / ".pytest_cache").exists()
    assert (folder / ".snakemake/metadata/a").exists() and not (folder / ".snakemake/log").exists()
    assert (folder / "data/digits/index.csv").exists()


def test_the_state_of_a_finished_training_goes_and_that_of_a_killed_one_stays(folder: Path) -> None:
    old = write(folder / "state/mine/train" / MODEL / "0123/state.safetensors", seconds=999)
    newer = write(folder / "state/other/train" / MODEL / "0123/state.safetensors", seconds=1001)
    without_model = write(folder / "state/mine/train/digits/triplet/robust/seed0/0123/state.safetensors")
    attack = write(folder / "state/mine/attack" / MODEL / "0123/block-1-00000.npz", seconds=999)
    assert clean(folder).returncode == 0
    assert not old.exists()
    assert newer.exists() and without_model.exists() and attack.exists()


@pytest.mark.parametrize(("words", "answer"), [(("YES=1",), ""), ((), "y\n")])
def test_a_study_is_deleted_but_for_what_git_tracks(folder: Path, words: tuple[str, ...], answer: str) -> None:
    others = {name for name in results(folder) if name.startswith("results/other")}
    assert clean(folder, "STUDY=mine", *words, answer=answer).returncode == 0
    assert results(folder) == {*others, "results/mine/metrics.csv"}
    assert not (folder / "logs/mine").exists() and (folder / "logs/other").exists()


@pytest.mark.parametrize("answer", ["", "n\n", "\n"])
def test_without_agreement_nothing_is_deleted(folder: Path, answer: str) -> None:
    before = results(folder)
    ended = clean(folder, "STUDY=mine", answer=answer)
    assert ended.returncode != 0
    assert "[y/N]" in ended.stdout
    assert results(folder) == before


@pytest.mark.parametrize("name", ["none", "..", "mine/models"])
def test_an_unknown_study_ends_with_one_line(folder: Path, name: str) -> None:
    before = results(folder)
    ended = clean(folder, f"STUDY={name}", "YES=1")
    assert ended.returncode != 0
    assert f"no folder results/{name}; there are mine, other" in ended.stderr
    assert results(folder) == before


def test_after_it_the_workflow_has_nothing_to_do(checkout: Path) -> None:
    shutil.copy(ROOT / "Makefile", checkout)
    assert clean(checkout).returncode == 0
    assert not (checkout / "logs").exists()
    assert planned(checkout) == {}
