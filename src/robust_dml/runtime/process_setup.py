"""How a job that trains or attacks uses its machine; to be called before torch is imported."""

from __future__ import annotations

import ctypes
import os

SPINS = "1000"
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt, in glibc's malloc.h


def configure_process() -> None:
    """Let waiting threads sleep, and keep memory that is freed."""
    # On a busy core, spinning threads steal time from the thread they wait for; threads that never spin pay a wake-up
    # per layer. The spins take some ten microseconds.
    if os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE").upper() == "PASSIVE":
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Serve large tensors from the heap and never shrink it, where the C library is glibc.

    Each pass frees memory that the next pass allocates again. By default glibc returns it to the kernel, which must
    zero every page again: for small networks a third of a pass.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)
