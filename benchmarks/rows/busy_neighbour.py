"""The attack of the robust step while another process holds one core: threads that wait asleep, or spin."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.row import Row, figures
from benchmarks.turns import spread
from benchmarks.worker import WAITING, Call, Worker

GOAL = 2.2
TARGET = "benchmarks.rows.pgd_iteration:ours"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per way to wait."""
    settings = {"batch": 8, "pixels": 112} if quick else {"batch": 16, "pixels": 224}
    ways = {
        "asleep (ours)": Call(TARGET, settings),
        "spinning (the default)": Call(TARGET, settings, settled=False, environment=dict.fromkeys(WAITING)),
    }
    for name, call in ways.items():
        with Worker(call) as worker:
            worker.time()
            quiet, busy = [], []
            for _ in range(2 if quick else 4):
                quiet.append(worker.time())
                with neighbour():
                    busy.append(worker.time())
            worker.close()
        slower = spread([b / q for b, q in zip(busy, quiet, strict=True)])
        values = {"quiet, s": spread(quiet)["median"], "neighbour, s": spread(busy)["median"]}
        yield figures(
            f"a neighbour on one core, threads {name}",
            {**{k: round(v, 2) for k, v in values.items()}, "times slower": round(slower["median"], 2)},
            goal=f"{GOAL} times or less" if call.settled else "",
            met=slower["median"] <= GOAL if call.settled else None,
        )


@contextmanager
def neighbour() -> Iterator[None]:
    """A process that computes on the first core until the block ends."""
    process = multiprocessing.get_context("spawn").Process(target=_compute, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _compute() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    while True:
        pass
