"""Where the seconds of a robust training step go: folding, forward, mining, attack, backward, optimiser."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from benchmarks.row import Row, figures
from benchmarks.worker import Call, Way, Worker

STEPS = 5
RESNET, SMALL = "benchmarks.rows.robust_step:ours", "benchmarks.rows.small_step:ours"
HERE = "benchmarks.rows.step_profile"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per network and precision."""
    size = {"batch": 8, "pixels": 112} if quick else {"batch": 16, "pixels": 224}
    for precision in ("fp32", "bf16"):
        name = f"ResNet50@{size['pixels']}, batch {size['batch']}, {precision}"
        yield _row(name, {"target": RESNET, "settings": {**size, "precision": precision}}, threads=None)
    yield _row("the demo's network, batch 90, fp32, one core", {"target": SMALL, "settings": {"precision": "fp32"}}, 1)


def _row(name: str, settings: dict[str, Any], threads: int | None) -> Row:
    with Worker(Call(f"{HERE}:timed", settings, threads=threads)) as worker:
        worker.time()
        found = [(worker.time(), worker.result) for _ in range(STEPS)]
    total = sum(seconds for seconds, _ in found)
    parts: Counter[str] = sum((Counter(part) for _, part in found), Counter())
    values: dict[str, Any] = {"ms": round(1e3 * total / STEPS, 1)}
    values |= {part: f"{seconds / total:.1%}" for part, seconds in parts.items()}
    values["the rest"] = f"{1 - parts.total() / total:.1%}"
    return figures(f"profile of a robust step: {name}", values)


def timed(target: str, settings: dict[str, Any]) -> Way:
    """Make a step whose parts are timed; return their seconds."""
    import torch

    from benchmarks.worker import way_of
    from robust_dml.training.adam import Adam
    from robust_dml.training.forward import ForwardPasses
    from robust_dml.training.step import TrainingStep

    parts = {
        "folding": (ForwardPasses, "refresh"),
        "forward": (TrainingStep, "embed"),
        "mining": (TrainingStep, "mine"),
        "attack": (TrainingStep, "attack"),
        "loss": (TrainingStep, "loss"),
        "backward": (torch.autograd, "backward"),
        "optimiser": (Adam, "step"),
    }
    step = way_of(target, settings)

    def run() -> dict[str, float]:
        seconds = dict.fromkeys(parts, 0.0)
        with ExitStack() as stack:
            for part, (owner, name) in parts.items():
                timing = _timing(getattr(owner, name), part, seconds)
                stack.enter_context(patch.object(owner, name, timing))
            step()
        return seconds

    return run


def _timing(function: Callable[..., Any], part: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        found = function(*arguments, **named)
        seconds[part] += time.perf_counter() - started
        return found

    return call
