"""One epoch each of natural and robust training on a set of CUB200's size, and whether loading keeps up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gpu.dataset import prepare, study_in
from benchmarks.gpu.size import PASSES, Size
from benchmarks.gpu.timing import synchronise
from benchmarks.row import Row, figures

PRECISION = "bf16"


def rows(size: Size) -> Iterator[Row]:
    """Yield a row for the batches alone and one per training."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        preparing = _clock(lambda: prepare(folder, size))
        loaded = loading_speed(folder, size)
        trained = {training: epoch(folder, size, training) for training in PASSES}
    needed = trained["natural"]["images/s of a step"]
    values = {
        "images/s": round(loaded, 1),
        "a natural step takes, images/s": needed,
        "preparing, s": round(preparing, 1),
    }
    yield figures(f"training batches, {size.pixels} pixels", values, goal="as fast as a step", met=loaded >= needed)
    for training, found in trained.items():
        yield figures(
            f"an epoch of {size.images // 2:,} images, ResNet50@{size.pixels}, {training}, {PRECISION}", found
        )


def loading_speed(folder: Path, size: Size) -> float:
    """Return images/s of an epoch's batches when nothing else happens, the start of the processes included."""
    from benchmarks import engine
    from robust_dml.data.loading.batches import train_batches

    opened = engine.open_training(study_in(folder, size, PRECISION), "natural")
    loaded = 0

    def load() -> None:
        nonlocal loaded
        optimisation = opened.optimisation
        settings = {"classes": optimisation.classes_per_batch, "samples": optimisation.samples_per_class}
        for batch in train_batches(opened.part, **settings, seed=0, epoch=0, workers=optimisation.workers):
            loaded += len(batch.images)

    seconds = _clock(load)
    return loaded / seconds


def epoch(folder: Path, size: Size, training: str) -> dict[str, float]:
    """Train for one epoch; return its seconds and images/s, those of a step alone, and the memory."""
    from benchmarks import engine
    from robust_dml.config.resolve import backbone_of
    from robust_dml.data.loading.batches import train_batches
    from robust_dml.runtime.torch_settings import training_arithmetic
    from robust_dml.training.history import peak_memory_mb
    from robust_dml.training.loop import train_epoch, train_step
    from robust_dml.training.signals import StopRequest

    opened = engine.open_training(study_in(folder, size, PRECISION), training)
    batches = train_batches(opened.part, classes=size.batch // 2, samples=2, seed=0, epoch=1)
    batch = next(iter(batches))
    engine.calibrate(opened.forward.model, batch.images[:16].to(opened.device).float() / 255)
    with training_arithmetic(opened.optimisation, backbone_of(opened.study, opened.run)[1]), StopRequest() as stop:
        train_step(opened, batch, 0, 0)  # chooses kernels
        steps = 1 if size.tiny else 5
        alone = _clock(lambda: [train_step(opened, batch, 0, number) for number in range(steps)], opened.device) / steps
        whole = _clock(lambda: train_epoch(opened, 0, stop), opened.device)
    images = opened.progress.step * size.batch
    return {
        "seconds": round(whole, 1),
        "images/s": round(images / whole, 1),
        "images/s of a step": round(size.batch / alone, 1),
        "GFLOP/s": round(PASSES[training] * size.gflop(images) / whole),
        "memory, MB": round(peak_memory_mb(opened.device)),
    }


def _clock(work: object, device: str = "cpu") -> float:
    synchronise(device)
    started = time.perf_counter()
    work()  # type: ignore[operator]
    synchronise(device)
    return time.perf_counter() - started
