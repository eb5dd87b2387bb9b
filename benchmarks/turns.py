"""Time several ways in turns, so that background load affects all of them equally."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks.worker import Call, Worker

AT_LEAST = 0.2  # seconds that a turn lasts, unless one call takes longer
MOST_CALLS = 10_000


@dataclass(frozen=True)
class Turns:
    """Measurements by way: seconds per call of each round, the last results, and the peak memory in MiB."""

    seconds: dict[str, list[float]]
    results: dict[str, Any]
    memory: dict[str, float]


def take_turns(calls: Mapping[str, Call], *, rounds: int, at_least: float = AT_LEAST) -> Turns:
    """Time every way once a round, in the opposite order in odd rounds.

    Each is called once before the first round; a turn is as many calls as fill `at_least` seconds.
    """
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(call)) for name, call in calls.items()}
        counts = {name: _count(worker, at_least) for name, worker in workers.items()}
        seconds: dict[str, list[float]] = {name: [] for name in workers}
        for number in range(rounds):
            for name in list(workers) if number % 2 == 0 else list(reversed(workers)):
                seconds[name].append(workers[name].time(counts[name]))
        results = {name: worker.result for name, worker in workers.items()}
        memory = {name: worker.close() for name, worker in workers.items()}
    return Turns(seconds, results, memory)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, least and most."""
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def ratios(slow: Sequence[float], fast: Sequence[float]) -> dict[str, float]:
    """Return how many times faster, round by round: median, least and most."""
    return spread([a / b for a, b in zip(slow, fast, strict=True)])


def _count(worker: Worker, at_least: float) -> int:
    """Return the calls of a turn, after one that is not counted; a way that fills several turns is called once."""
    seconds = worker.time()
    if seconds < 5 * at_least:
        seconds = worker.time()
    return max(1, min(MOST_CALLS, int(at_least / max(seconds, 1e-9))))
