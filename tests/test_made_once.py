"""What the processes of `pytest -n` share is made by one of them, and made again only if that failed."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from made_once import made_once


def make(folder: Path) -> None:
    """Write a file slowly; one that is there already would show a second call."""
    (folder / "file").touch(exist_ok=False)
    time.sleep(0.3)
    (folder / "whole").touch()


def ask(factory: pytest.TempPathFactory) -> None:
    assert (made_once(factory, "study", make) / "whole").exists()


def test_two_processes_share_one_folder(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setattr(tmp_path_factory, "_basetemp", tmp_path / "gw0")
    both = [multiprocessing.get_context("fork").Process(target=ask, args=(tmp_path_factory,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert (tmp_path / "study/file").exists()


def test_a_folder_whose_making_failed_is_made_afresh(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path) -> None:
        make(folder)
        raise ValueError("failed")

    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setattr(tmp_path_factory, "_basetemp", tmp_path / "gw0")
    with pytest.raises(ValueError, match="failed"):
        made_once(tmp_path_factory, "study", fail)
    ask(tmp_path_factory)
