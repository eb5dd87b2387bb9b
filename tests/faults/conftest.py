"""A finished study, and copies of it that a test may damage."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from faults.pipeline import run_all, write_study
from faults.wrong_studies import CI


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished study; to be left as it is."""
    folder = tmp_path_factory.mktemp("finished-study")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shutil.copytree(CI.parent, folder / "config")
        write_study(folder)
        patch.setattr(socket.socket, "connect", refuse_connection)
        run_all()
    return folder


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
