"""One function over many images, by several processes where that pays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import track

T = TypeVar("T")
R = TypeVar("R")

WORTH_PROCESSES = 4000
CHUNK = 64
FEWER = "try again with fewer --workers"

_worker_function: Callable[[Any], Any]


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_images(function: Callable[[T], R], items: Sequence[T], *, workers: int, title: str) -> Iterator[R]:
    """Yield `function(item)` in the order of the items; few items are handled in this process.

    Raises UserError if a worker process cannot be started or is killed.
    """
    total = len(items)
    if workers == 1 or total < WORTH_PROCESSES:
        yield from track(map(function, items), title=title, total=total, unit="images")
        return
    # Planning imports this module, and needs no processes.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # The function goes to each process once: with an index inside, sending it with every chunk would cost more than
    # the work.
    try:
        with ProcessPoolExecutor(workers, initializer=_take, initargs=(function,)) as pool:
            yield from track(pool.map(_call, items, chunksize=CHUNK), title=title, total=total, unit="images")
    except BrokenProcessPool as error:
        raise UserError(f"{title}: one of {workers} worker processes was ended, perhaps for memory; {FEWER}") from error
    except BlockingIOError as error:  # too many processes
        raise UserError(f"{title}: {workers} worker processes cannot be started ({error.strerror}); {FEWER}") from error


def _take(function: Callable[[Any], Any]) -> None:
    global _worker_function
    _worker_function = function


def _call(item: Any) -> Any:
    return _worker_function(item)
