import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditing.photographs import ENCODERS, make_photographs
from auditing.small_study import run_study
from evaluation.short_standard import shortened
from made_once import made_once
from robust_dml.evaluation import standard
from robust_dml.runtime.source_code import source_of


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Let the protocol run in seconds; tests of its strength are those of evaluation/."""
    shortened(patch, apgd=3, pgd=3, square=6)
    patch.setattr(standard, "RESTART", replace(standard.RESTART, settings={"steps": 3}))


@pytest.fixture(autouse=True)
def short_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the protocol in every test."""
    shorten(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with encoders and photographs."""
    (tmp_path / "encoders.py").write_text(ENCODERS)
    make_photographs(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    sys.modules.pop("encoders", None)
    source_of.cache_clear()
    yield tmp_path
    sys.modules.pop("encoders", None)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the small study has run; it must stay as it is."""
    return made_once(tmp_path_factory, "small", run_shortened)


def run_shortened(folder: Path) -> None:
    """Run the small study in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shorten(patch)
        run_study(folder)


@pytest.fixture
def study_folder(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the working folder."""
    shutil.copytree(finished, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"
