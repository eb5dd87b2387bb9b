"""End a training after its current step on SIGTERM or SIGINT; a second signal ends it at once."""

from __future__ import annotations

import signal
from contextlib import suppress
from types import FrameType
from typing import Any, Self

from robust_dml.runtime.progress import say

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """While entered, signals set `wanted` and leave the process running."""

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.wanted = True
        self._restore()
        with suppress(OSError):  # the reader of a pipe may have died of the same signal
            say(f"{signal.Signals(number).name}: finishing the step and saving; once more stops at once")

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
