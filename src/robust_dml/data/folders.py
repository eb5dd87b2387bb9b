"""Folders that are either complete or absent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; it takes the place of `folder` on success and vanishes on any error.

    What a killed run left there is removed first; no moment of a kill leaves half of `folder` under its name.
    """
    unfinished, outdated = (folder.with_name(f"{folder.name}.{state}") for state in ("unfinished", "outdated"))
    _remove(unfinished, outdated)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        if folder.exists():
            folder.replace(outdated)
        unfinished.replace(folder)
    finally:
        _remove(unfinished, outdated)


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
