"""Assign GPUs to jobs: each job on a machine takes one that no other job holds, by a lock file per GPU."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TextIO

from robust_dml.runtime.progress import say

POLL_SECONDS = 2.0
LOCKS = Path(tempfile.gettempdir()) / "robust-dml-gpus"

_held: list[TextIO] = []


@cache
def claim_gpu() -> str:
    """Return a torch device such as `cuda:1`, reserved until this process ends; wait while every GPU is taken.

    Every call of a process returns the same device.
    """
    import torch

    names = [str(torch.cuda.get_device_properties(i).uuid) for i in range(torch.cuda.device_count())]
    position = claim(names, LOCKS)
    torch.cuda.set_device(position)
    return f"cuda:{position}"


def claim(names: Sequence[str], folder: Path) -> int:
    """Return the position of the first of `names` that no other process holds, held from now on.

    The kernel releases the lock when the process ends, however it ends; nothing has to be cleaned up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = False
    while True:
        for position, name in enumerate(names):
            if _lock(folder / f"{name}.lock"):
                return position
        if not told:
            say(f"waiting: other jobs hold all {len(names)} GPUs (locks in {folder})")
            told = True
        time.sleep(POLL_SECONDS)


def _lock(path: Path) -> bool:
    stream = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        return False
    stream.truncate(0)
    stream.write(f"{os.getpid()}\n")
    stream.flush()
    _held.append(stream)
    return True
