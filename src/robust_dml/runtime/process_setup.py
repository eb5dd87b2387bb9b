"""How a job that trains or attacks uses its machine; to be called before torch is imported."""

from __future__ import annotations

import ctypes
import os

SPINS = "1000"
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt, in glibc's malloc.h


def settle() -> None:
    """Let waiting threads sleep, and keep memory that is freed."""
    # A thread that spins at a barrier takes the core from whoever it waits for, once anything else runs there; one
    # that never spins is woken anew for each layer of a small network. The spins are some ten microseconds.
    if os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE").upper() == "PASSIVE":
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Serve large tensors from the heap and never shrink it, where the C library is glibc.

    Each pass frees what the next one takes again; as it stands, glibc returns it to the kernel in between, which hands
    it out anew page by page, zeroed. For small networks that is a third of a pass.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)
