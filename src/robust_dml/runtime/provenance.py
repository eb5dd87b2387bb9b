"""How a result was made, as every result file records it."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("robust-dml", "torch", "torchvision", "numpy", "faiss-cpu", "pytorch-metric-learning", "scikit-learn")


@cache
def revision() -> str:
    """Return the git commit of the sources, with "-dirty" if tracked files differ from it; "unknown" outside git."""
    here = Path(__file__).parent
    try:
        commit = _git(here, "rev-parse", "HEAD")
        return f"{commit}-dirty" if _git(here, "status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return run.stdout.strip()


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def device_name(device: str) -> str:
    """Return the name of the hardware of a torch device, such as "cpu (AMD EPYC, 1 thread)"."""
    import torch

    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({_cpu_model()}, {torch.get_num_threads()} threads)"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def provenance(*, settings: Any, seed: int | None, data_sha256: str | None, device: str) -> dict[str, Any]:
    """Return the record of a result file; `settings` is the part of the study that made it."""
    record = {"settings": settings, "seed": seed, "data_sha256": data_sha256, "device": device_name(device)}
    return {**record, **made_with()}


def made_with() -> dict[str, Any]:
    """Return revision, versions and time of what is written now."""
    return {
        "revision": revision(),
        "versions": versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
