"""Choose the device that a study computes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from robust_dml.runtime.errors import UserError


def pick_device(wanted: Literal["auto", "cpu", "cuda"]) -> str:
    """Return `cpu` or `cuda`; `auto` is the GPU where there is one. Raises UserError if `cuda` is wanted and absent."""
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise UserError(
            "device: expected a GPU (cuda), found none; set `device: cpu` in the study to compute on the CPU"
        )
    return "cuda" if available and wanted != "cpu" else "cpu"


CONTROL_GROUP = Path("/sys/fs/cgroup/memory.max")


def memory_bytes(device: str) -> int:
    """Return the memory of a device, used or not; of a CPU, what the control group of the process allows of it."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.get_device_properties(device).total_memory)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(memory, int(CONTROL_GROUP.read_text()))
    except (OSError, ValueError):  # no control group, or no limit
        return memory


def take_device(wanted: Literal["auto", "cpu", "cuda"]) -> str:
    """Return the torch device of this process: `cpu`, or a GPU such as `cuda:1` that no other job here has."""
    from robust_dml.runtime.gpu import claim_gpu

    return claim_gpu() if pick_device(wanted) == "cuda" else "cpu"
