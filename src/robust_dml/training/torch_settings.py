"""torch's global switches: what a precision and determinism mean on this device."""

from __future__ import annotations

import os

import torch

from robust_dml.config.training import OptimisationConfig


def set_backend(optimisation: OptimisationConfig) -> None:
    """Make kernels deterministic, unless the study says otherwise, and float32 mean float32, unless it says tf32."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_deterministic_debug_mode("error" if optimisation.deterministic else "default")
    if optimisation.compile:  # the same switch, and the compiler's, whose import takes as long as torch's
        torch.use_deterministic_algorithms(optimisation.deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a debugging aid that costs a pass over memory
    torch.backends.cudnn.benchmark = not optimisation.deterministic
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = optimisation.precision == "tf32"
