"""The limits of the machine: arithmetic as a large matrix product, memory as a large copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.worker import Call, Way

SIDE = {"cpu": 2048, "cuda": 8192}
COPIED = {"cpu": 1 << 28, "cuda": 1 << 30}  # bytes


@dataclass(frozen=True)
class Limit:
    """Work at full speed: `amount` units of it, such as GFLOP, in each call."""

    name: str
    unit: str
    amount: float
    call: Call


def matmul(precision: str, device: str = "cpu", threads: int | None = None) -> Limit:
    """Return the limit of a product of two square matrices, in 10^9 floating-point operations."""
    call = Call("benchmarks.limits:product", {"precision": precision, "device": device}, threads=threads)
    return Limit(f"{precision} matmul", "GFLOP/s", 2e-9 * SIDE[device] ** 3, call)


def memory(device: str = "cpu") -> Limit:
    """Return the limit of a copy, in 10^9 bytes read and written."""
    return Limit("memory copy", "GB/s", 2e-9 * COPIED[device], Call("benchmarks.limits:copying", {"device": device}))


def product(precision: str, device: str, side: int | None = None) -> Way:
    """Return the product of two matrices of `side` rows and columns, by the fastest installed library."""
    import torch

    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "tf32": torch.float32}[precision]
    side = side or SIDE[device]
    a, b = (torch.randn(side, side).to(device, dtype) for _ in range(2))
    if device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        return lambda: torch.mm(a, b).sum().item()
    ways: list[Callable[[], Any]] = [lambda: torch.mm(a, b)]
    if precision == "fp32":  # torch's BLAS uses half of the vector unit on some processors; NumPy's and oneDNN do not
        x, y = a.numpy(), b.numpy()
        ways.append(lambda: np.matmul(x, y))
        image = a.view(16, -1, 1, side).permute(0, 3, 1, 2)
        ways.append(lambda: torch.conv2d(image, b[:, :, None, None]))
    return _without_result(min(ways, key=_seconds))


def copying(device: str) -> Way:
    """Return a copy between two blocks that exceed every cache."""
    import torch

    source = torch.zeros(COPIED[device], dtype=torch.uint8, device=device)
    target = torch.ones_like(source)
    return lambda: target.copy_(source)[0].item()


def _without_result(way: Callable[[], Any]) -> Way:
    def run() -> None:
        way()

    return run


def _seconds(way: Callable[[], Any]) -> float:
    import time

    best = float("inf")
    for _ in range(4):
        started = time.perf_counter()
        way()
        best = min(best, time.perf_counter() - started)
    return best
