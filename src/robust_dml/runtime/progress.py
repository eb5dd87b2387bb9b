"""Progress of long work: a bar on a terminal, plain flushed lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TextIO, TypeVar

T = TypeVar("T")

LOG_INTERVAL_SECONDS = 5.0
WIDTH = 30  # characters of a bar
ERASE = "\r\x1b[K"


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
            left = f", {clock((total - done) / rate)} left" if total is not None else ""
            say(f"{title}: {done}{of_total} {unit}, {rate:.1f} {unit}/s{left}")


class Bar:
    """Lines, and below them on a terminal a bar; in a log, a line now and then says how much is left."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.terminal = stream, stream.isatty()
        self.shown, self.said, self.last = "", "", time.monotonic()

    def line(self, text: str) -> None:
        """Print a text above the bar; nothing for an empty one."""
        if text:
            self._write((ERASE if self.shown else "") + text + "\n" + self.shown)

    def show(self, done: int, total: int, seconds: float | None) -> None:
        """Show how many of `total` jobs are done, and the seconds that are left if they are known."""
        if not total:
            return
        left = "" if seconds is None or done == total else f", about {clock(seconds)} left"
        words = f"{done} of {total} jobs{left}"
        if self.terminal:
            filled = WIDTH * done // total
            self.shown = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {words}"
            self._write(ERASE + self.shown)
        elif words != self.said and (time.monotonic() - self.last >= LOG_INTERVAL_SECONDS or done == total):
            self.said, self.last = words, time.monotonic()
            self._write(words + "\n")

    def close(self) -> None:
        """Take the bar away."""
        if self.shown:
            self._write(ERASE)
            self.shown = ""

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds, 3:07, or as hours and minutes, 2 h 05."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02d}"
