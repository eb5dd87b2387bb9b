"""Set torch's global switches for the duration of a block: precision, determinism and threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from robust_dml.config.training import BackboneConfig, OptimisationConfig


@contextmanager
def training_arithmetic(optimisation: OptimisationConfig, backbone: BackboneConfig) -> Iterator[None]:
    """Make kernels deterministic, unless the study says otherwise, and float32 mean float32, unless it says tf32."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with _restored(), computing_threads(backbone):
        torch.set_deterministic_debug_mode("error" if optimisation.deterministic else "default")
        if optimisation.compile:  # the same switch, and the compiler's, whose import takes as long as torch's
            torch.use_deterministic_algorithms(optimisation.deterministic)
        # Filling memory before its first use is an aid for debugging that costs a pass over it.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.backends.cudnn.benchmark = not optimisation.deterministic
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = optimisation.precision == "tf32"
        yield


@contextmanager
def exact_float32() -> Iterator[None]:
    """Compute what is reported in full float32: no TF32, and in cuDNN neither timing nor atomic sums."""
    with _restored():
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
        yield


@contextmanager
def computing_threads(backbone: BackboneConfig) -> Iterator[None]:
    """Compute a small network on one thread, however many the job has; leave torch's number for others.

    The sums of a layer are split over threads, so the number of threads changes the rounding.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads_for(backbone))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(backbone: BackboneConfig) -> int:
    """Return the threads that compute a backbone: one if it is small, else as many as torch has in this process."""
    return 1 if backbone.record.small else torch.get_num_threads()


@contextmanager
def _restored() -> Iterator[None]:
    """Restore precision and determinism at the end."""
    cudnn, matmul, deterministic = torch.backends.cudnn, torch.backends.cuda.matmul, torch.utils.deterministic
    switches = (cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, matmul.allow_tf32)
    mode, filling = torch.get_deterministic_debug_mode(), deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    try:
        yield
    finally:
        cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, matmul.allow_tf32 = switches
        torch.set_deterministic_debug_mode(mode)
        deterministic.fill_uninitialized_memory = filling  # type: ignore[attr-defined]
