"""A study with made-up results, and the results object that reads them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.made_up_results import make_results
from robust_dml.cli import main
from robust_dml.config import Study, load_study
from robust_dml.report.results import Results

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def study_file() -> Path:
    return Path(__file__).with_name("study.yaml")


@pytest.fixture(scope="session")
def study(study_file: Path) -> Study:
    return load_study(study_file)


@pytest.fixture(scope="session")
def made_up_folder(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with results/made-up and config/ in it; tests may add to it, but change nothing."""
    folder = tmp_path_factory.mktemp("made-up")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make_results(study)
    shutil.copytree(CONFIG, folder / "config")
    return folder


@pytest.fixture(scope="session")
def seconds_to_draw(study_file: Path, made_up_folder: Path) -> float:
    """How long `robust-dml figures` took in that folder, in seconds of a core; its files stay there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made_up_folder)
        started = time.process_time()
        assert main(["figures", str(study_file)]) == 0
        return time.process_time() - started


@pytest.fixture
def results(study: Study, made_up_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Results]:
    monkeypatch.chdir(made_up_folder)
    yield Results(study)
