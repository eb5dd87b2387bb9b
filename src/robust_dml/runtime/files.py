"""Files and folders that are either complete or absent."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robust_dml.runtime.locks import only_one


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it to `path` on success, remove it on any error.

    An OSError that names no file, as that of a full disk, is given the name of `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; it takes the place of `folder` on success and vanishes on any error.

    What a killed run left there is removed first; no moment of a kill leaves half of `folder` under its name. Raises
    UserError while another process fills the folder.
    """
    unfinished, outdated = (folder.with_name(f"{folder.name}.{state}") for state in ("unfinished", "outdated"))
    with only_one(folder.with_name(f"{folder.name}.lock"), str(folder)):
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


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any, *, indent: int | None = 2) -> None:
    """Write `value` as JSON to `path`, atomically; NaN is refused, since JSON has none."""
    write_text(path, json.dumps(value, indent=indent, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(value: Any) -> str:
    """Return a short hash (16 hexadecimal digits) of a JSON-like value, the same for equal values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
