"""One process at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from robust_dml.runtime.errors import UserError


@contextmanager
def only_one(lock: Path, what: str) -> Iterator[None]:
    """Hold the lock file `lock` while entered, and remove it then. Raises UserError if another process holds it.

    The lock is the process's own: worker processes that it starts do not keep it, and a kill frees it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    stream = _held(lock, what)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        stream.close()


def _held(lock: Path, what: str) -> IO[str]:
    while True:
        stream = lock.open("a")
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.close()
            raise UserError(
                f"{what}: another process works on it (it holds {lock}); wait for it, or stop it"
            ) from error
        if _is_still(lock, stream):
            return stream
        stream.close()


def _is_still(lock: Path, stream: IO[str]) -> bool:
    """Whether the file that was locked is the one of that name; the holder before may have removed it."""
    try:
        return os.path.samestat(lock.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False
