"""Run one way in its own process, with its own threads, memory and allocator."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from robust_dml.runtime.process_setup import SPINS

Way = Callable[[], Any]
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": SPINS}


@dataclass(frozen=True)
class Call:
    """What a worker runs: `target`, such as `benchmarks.rows.mining:ours`, called with `settings`, returns a way.

    `settled` is False for the released code, which runs as its users run it, except that waiting threads sleep as
    ours do: background load would slow down spinning threads.
    """

    target: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    settled: bool = True
    threads: int | None = None
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """Environment variables that differ; None removes one."""


class Worker:
    """A process that has built a way, with `memory_before` MiB at most, and runs it on request."""

    def __init__(self, call: Call) -> None:
        self._end, theirs = multiprocessing.Pipe()
        threads = {"OMP_NUM_THREADS": str(call.threads)} if call.threads else {}
        process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(theirs, call.target, dict(call.settings), call.settled), daemon=False
        )
        with _environment({**WAITING, **threads, **call.environment}):
            process.start()
        theirs.close()
        self._process = process
        self.memory_before = float(self._receive())

    def time(self, calls: int = 1) -> float:
        """Return seconds per call of the way."""
        self.begin(calls)
        return self.finish()

    def begin(self, calls: int = 1) -> None:
        """Let the way run while something else does; `finish` waits for it."""
        self._end.send(calls)

    def finish(self) -> float:
        """Return seconds per call of the run that `begin` started."""
        seconds, self.result = self._receive()
        return float(seconds)

    def close(self) -> float:
        """End the process; the most memory that it held, with the largest process it started, in MiB."""
        self._end.send(0)
        peak = float(self._receive())
        self._process.join()
        return peak

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def _receive(self) -> Any:
        try:
            return self._end.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(f"the worker ended with exit code {self._process.exitcode}") from None


def way_of(target: str, settings: Mapping[str, Any]) -> Way:
    """Return the way that `target`, such as `benchmarks.rows.mining:ours`, returns for `settings`."""
    module, name = target.split(":")
    way: Way = getattr(import_module(module), name)(**settings)
    return way


def _serve(connection: Connection, target: str, settings: dict[str, Any], settled: bool) -> None:
    if settled:
        from robust_dml.runtime.process_setup import configure_process

        configure_process()
    way = way_of(target, settings)
    connection.send(_peak())
    while calls := connection.recv():
        started = time.perf_counter()
        for _ in range(calls):
            result = way()
        connection.send(((time.perf_counter() - started) / calls, result))
    connection.send(_peak())


def _peak() -> float:
    """Return MiB of this process and of the largest it started; Linux counts what its parent held in ru_maxrss."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    status = Path("/proc/self/status")
    if not status.exists():
        return children + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = status.read_text(encoding="utf-8").splitlines()
    return children + next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@contextmanager
def _environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    before = dict(os.environ)
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
