"""What a job that trains or attacks sets up before torch is imported."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import os, resource, sys
if sys.argv[1] == "settled":
    from robust_dml.runtime.process_setup import configure_process
    configure_process()
import numpy as np
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(1 << 25, np.uint8)
before = faults()
for _ in range(20):
    np.ones(1 << 25, np.uint8)
print(faults() - before, os.environ.get("OMP_WAIT_POLICY"), os.environ.get("GOMP_SPINCOUNT"))
"""


def run(how: str, policy: str | None = None) -> tuple[int, tuple[str, str]]:
    """Page faults of twenty arrays of 32 MiB, each freed before the next, and how threads wait."""
    environment = {"OMP_WAIT_POLICY": policy} if policy else {}
    found = subprocess.run(
        [sys.executable, "-c", FAULTS, how], env=environment, capture_output=True, text=True, check=True
    )
    count, waiting, spins = found.stdout.split()
    return int(count), (waiting, spins)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_freed_memory_is_used_again() -> None:
    assert run("settled")[0] < 1000 < run("not")[0]


def test_waiting_threads_sleep_unless_the_caller_says_otherwise() -> None:
    assert run("settled")[1] == ("PASSIVE", "1000")
    assert run("settled", "ACTIVE")[1] == ("ACTIVE", "None")
    assert run("not")[1] == ("None", "None")
