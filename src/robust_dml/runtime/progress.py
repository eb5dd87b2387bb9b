"""Progress of long work: a bar on a terminal, plain flushed lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")

LOG_INTERVAL_SECONDS = 5.0


def say(message: str) -> None:
    """Print one line to standard error at once."""
    print(message, file=sys.stderr, flush=True)


def track(items: Iterable[T], *, title: str, total: int | None = None, unit: str = "it") -> Iterator[T]:
    """Iterate over `items` and show how far it has come.

    On a terminal this draws a bar; elsewhere it prints a line every few seconds, and none for quick work.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=title, total=total, unit=unit, leave=False)
        return
    if total is None and isinstance(items, Sized):
        total = len(items)
    started = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= LOG_INTERVAL_SECONDS:
            last = now
            rate = done / (now - started)
            of_total = f" of {total}" if total is not None else ""
            left = f", {duration((total - done) / rate)} left" if total is not None else ""
            say(f"{title}: {done}{of_total} {unit}, {rate:.1f} {unit}/s{left}")


def duration(seconds: float) -> str:
    """Return a time in words, such as "40 s", "12 min" or "3 h 20 min"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
