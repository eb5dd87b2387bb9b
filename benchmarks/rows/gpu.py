"""The same on a GPU, where torch finds one: the parts of `make gpu` that measure speed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.gpu.parts import part_named
from benchmarks.gpu.size import Size
from benchmarks.row import Row

MEASURED = ("steps", "graph", "evaluation", "search", "decoding")


def rows(quick: bool) -> Iterator[Row]:
    """Yield nothing where torch finds no GPU; a quick run measures the step alone."""
    import torch

    if torch.cuda.is_available():
        for name in MEASURED[:1] if quick else MEASURED:
            yield from part_named(name).run(Size("cuda"))


def paper_hours(speed: float, device: str) -> dict[str, int]:
    """Return hours of training in config/paper.yaml where `device` (cpu or a GPU) makes `speed` GFLOP/s in fp32."""
    from robust_dml.config import load_study
    from robust_dml.planning.cost import estimate
    from robust_dml.planning.speeds import TRAINED, training_speed

    study = load_study(Path("config/paper.yaml"))
    study = study.model_copy(update={"optimisation": study.optimisation.model_copy(update={"precision": "fp32"})})
    hours = estimate(study).hours[device].train
    return {"paper's study, hours of training": round(hours * training_speed(device, TRAINED, "fp32") / speed)}
