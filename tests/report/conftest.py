"""A study with made-up results, and the results object that reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up_results import make_results

from robust_dml.config import Study, load_study
from robust_dml.report.results import Results

STUDY_FILE = Path(__file__).with_name("study.yaml")


@pytest.fixture(scope="session")
def study() -> Study:
    return load_study(STUDY_FILE)


@pytest.fixture(scope="session")
def made_up_folder(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with results/made-up in it; tests must not change it."""
    folder = tmp_path_factory.mktemp("made-up")
    before = Path.cwd()
    os.chdir(folder)
    try:
        make_results(study)
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def results(study: Study, made_up_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Results]:
    monkeypatch.chdir(made_up_folder)
    yield Results(study)
