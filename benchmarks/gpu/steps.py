"""The robust step of ResNet50 at batch 112 in each precision, against the released way and the machine's limit."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.gpu.size import PASSES, Size
from benchmarks.gpu.timing import seconds_of, turns
from benchmarks.limits import product
from benchmarks.row import Row, figures, ratios
from benchmarks.worker import Way

TIMES_FASTER, SHARE_OF_PEAK = 5.0, 0.4
SIDE = {False: 8192, True: 128}  # of the matrices whose product is the limit; tiny or not
FORMS = ("fp32", "tf32", "bf16")


def rows(size: Size) -> Iterator[Row]:
    """Yield one row per precision; the released way runs in fp32 with torch's own settings, as its users run it."""
    released = _released(size)
    for precision in FORMS:
        yield form_row(size, released, precision)


def compiled_rows(size: Size) -> Iterator[Row]:
    """Yield the row of the compiled step; the compiler takes a minute or two, and is left out of the tiny form."""
    yield form_row(size, _released(size), "bf16", compiled=not size.tiny, title="bf16, compiled")


def form_row(size: Size, released: Way, precision: str, *, compiled: bool = False, title: str = "") -> Row:
    """Return the row of one form of the step."""
    robust = step(size, "robust", precision, compiled)
    seconds = turns({"released": released, "ours": robust}, size)
    natural = seconds_of(step(size, "natural", precision, compiled), size)
    peak = matmul_speed(size, precision)
    speed = PASSES["robust"] * size.gflop(size.batch) / median(seconds["ours"])
    ratio, share = ratios(seconds["released"], seconds["ours"]), speed / peak
    values = {
        "robust, images/s": round(size.batch / median(seconds["ours"]), 1),
        "natural, images/s": round(size.batch / natural, 1),
        "GFLOP/s": round(speed),
        "matmul, GFLOP/s": round(peak),
        "share": round(share, 3),
    }
    row = figures(f"robust step, ResNet50@{size.pixels}, batch {size.batch}, {title or precision}", values)
    row |= {"seconds": seconds, "ratio": ratio}
    if precision == "bf16":
        row["goal"] = f"{TIMES_FASTER:g} times the released way, {SHARE_OF_PEAK:.0%} of the peak"
        row["met"] = ratio["median"] >= TIMES_FASTER and share >= SHARE_OF_PEAK
    return row


def step(size: Size, training: str, precision: str, compiled: bool = False) -> Way:
    """Return a step of the training loop, in the arithmetic of a training."""
    from benchmarks import engine
    from robust_dml.config.resolve import backbone_of
    from robust_dml.runtime.torch_settings import training_arithmetic
    from robust_dml.training.loop import train_step

    batch = engine.random_batch(size.batch // 2, 2, size.pixels)
    options: dict[str, Any] = {"precision": precision, "compile": compiled, "device": size.device}
    opened = engine.resnet_training(batch.images, training=training, **options)

    def run() -> None:
        with training_arithmetic(opened.optimisation, backbone_of(opened.study, opened.run)[1]):
            train_step(opened, batch, 0, 0)

    return run


def matmul_speed(size: Size, precision: str) -> float:
    """Return the 10^9 operations a second of a large matrix product, the peak that a program can reach."""
    side = SIDE[size.tiny]
    way = product(precision, size.device, side)
    return 2e-9 * side**3 / seconds_of(way, size)


def _released(size: Size) -> Way:
    from benchmarks.rows.robust_step import released

    return released(size.batch, size.pixels, size.device)
