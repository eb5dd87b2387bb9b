"""The record of a benchmark: rows, machine, versions, and the load of the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

from benchmarks.row import Row
from robust_dml.runtime.provenance import provenance


def record(rows: Iterable[Row], device: str = "cpu") -> dict[str, Any]:
    """Measure the rows; return their record, with the load of the machine before and after each."""
    started, before, measured = time.perf_counter(), load(), []
    for row in rows:
        after = load()
        measured.append({**row, "load_before": before, "load_after": after})
        before = after
    origin = provenance(settings=None, seed=None, data_sha256=None, device=device)
    return {
        "rows": measured,
        "seconds": round(time.perf_counter() - started, 1),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        **{key: value for key, value in origin.items() if value is not None},
    }


def load() -> float:
    """Return the processes that ran or waited, averaged over the last minute, the benchmarks' own included."""
    return round(os.getloadavg()[0], 2)
