"""Ways that a worker of the tests runs."""

from __future__ import annotations

import os
import time

import numpy as np
from benchmarks.worker import Way


def sleeping(seconds: float) -> Way:
    return lambda: time.sleep(seconds)


def holding(mib: int) -> Way:
    return lambda: int(np.ones(mib << 20, np.uint8).sum()) >> 20


def variable(name: str) -> Way:
    return lambda: os.environ.get(name)


def failing() -> Way:
    raise SystemExit(3)
