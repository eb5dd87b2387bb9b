"""The ci study, smaller, run by commands in this process from the index to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from faults.wrong_studies import CI
from robust_dml.cli.main import main
from robust_dml.config import Run, load_study
from robust_dml.config.resolve import runs
from robust_dml.training.state import StateFolder

FILE = "study.yaml"
MODEL = Run("digits", "triplet", "natural", 0)
OTHER = MODEL._replace(training="robust-anchor")
MODELS, ATTACKS = Path("results/ci/models") / MODEL.path, Path("results/ci/attacks") / MODEL.path


def write_study(folder: Path, **sections: Any) -> Path:
    """Write the ci study with one image per example and other sections into `folder`."""
    content = yaml.safe_load(CI.read_text())
    content["report"]["examples"] = 4
    content["evaluation"] = {"check_queries": 20, "batch": 300}
    content |= sections
    (folder / FILE).write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder / FILE


def names_of(run: Run) -> list[str]:
    """Return the arguments that single out a model."""
    return ["--dataset", run.dataset, "--loss", run.loss, "--training", run.training, "--seed", str(run.seed)]


def command(*words: str) -> None:
    """Run a command that must succeed."""
    assert main(list(words)) == 0, words


def prepare() -> None:
    """Index and pack the digits in the current folder."""
    command("index", FILE, "--dataset", "digits")
    command("store", FILE, "--dataset", "digits")


def run_all() -> None:
    """Run the study in the current folder; the states of its trainings are kept."""
    prepare()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFolder, "remove", lambda state: None)
        for run in runs(load_study(Path(FILE))):
            command("train", FILE, *names_of(run))
    for run in runs(load_study(Path(FILE))):
        command("attack", FILE, *names_of(run))
        command("score", FILE, *names_of(run))
    command("collect", FILE)
