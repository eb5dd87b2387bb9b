"""Time several ways in turns in one process, the GPU's queue emptied before the clock is read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median

from benchmarks.gpu.size import Size
from benchmarks.worker import Way

AT_LEAST = 0.5  # seconds of a turn
MOST_CALLS = 100


def turns(ways: Mapping[str, Way], size: Size) -> dict[str, list[float]]:
    """Return seconds per call of each way, by round; each is called twice before, for its kernels to be chosen."""
    for way in ways.values():
        _seconds(way, 1 if size.tiny else 2, size.device)
    counts = {name: _calls(_seconds(way, 1, size.device), size) for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(size.rounds):
        for name in list(ways) if number % 2 == 0 else list(reversed(ways)):
            seconds[name].append(_seconds(ways[name], counts[name], size.device))
    return seconds


def seconds_of(way: Way, size: Size) -> float:
    """Return the median seconds of one call."""
    return median(turns({"it": way}, size)["it"])


def synchronise(device: str) -> None:
    """Wait until a GPU has done all that was asked of it."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _seconds(way: Way, calls: int, device: str) -> float:
    synchronise(device)
    started = time.perf_counter()
    for _ in range(calls):
        way()
    synchronise(device)
    return (time.perf_counter() - started) / calls


def _calls(seconds: float, size: Size) -> int:
    return 1 if size.tiny else max(1, min(MOST_CALLS, round(AT_LEAST / max(seconds, 1e-9))))
