"""A finished study, and copies of it that a test may damage."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from faults.pipeline import run_all, write_study
from faults.wrong_studies import CI
from made_once import made_once


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished study; to be left as it is."""
    return made_once(tmp_path_factory, "finished-study", _run_study)


def _run_study(folder: Path) -> None:
    """Run the study of these tests in a folder, without a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shutil.copytree(CI.parent, folder / "config")
        write_study(folder)
        patch.setattr(socket.socket, "connect", refuse_connection)
        run_all()


def refuse_connection(self: socket.socket, address: object) -> None:
    """Refuse a connection, and leave a note of it in the working folder."""
    Path("connections").write_text(str(address))
    raise OSError(f"no network: {address}")


@pytest.fixture
def damaged(finished_study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished study, which is the working folder of the test."""
    folder = tmp_path / "study"
    shutil.copytree(finished_study, folder, symlinks=True)
    monkeypatch.chdir(folder)
    return folder
