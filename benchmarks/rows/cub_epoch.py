"""The paper's training at CUB200's size, on textures: images/s of an epoch, and the hours of the paper's study."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.row import Row, figures
from benchmarks.rows.gpu import paper_hours
from benchmarks.rows.robust_step import PASSES, gflop
from benchmarks.turns import spread
from benchmarks.worker import Call, Way, Worker
from robust_dml.config import Study

IMAGES, CLASSES, PIXELS = 11_788, 200, 256  # the short side of a training image in the store
BATCH, STEPS_PER_EPOCH = 112, 52
TRAININGS = (("natural", "fp32", 3, 5), ("robust", "fp32", PASSES, 3), ("robust", "bf16", PASSES, 3))
HERE = "benchmarks.rows.cub_epoch"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per training and precision, from some steps of an epoch whose steps are all alike."""
    with tempfile.TemporaryDirectory() as folder:
        with Worker(Call(f"{HERE}:prepare", {"folder": folder})) as worker:
            preparing = worker.time()
        for training, precision, passes, steps in TRAININGS:
            settings = {"folder": folder, "training": training, "precision": precision}
            with Worker(Call(f"{HERE}:step", settings)) as worker:
                worker.time()
                seconds = [worker.time() for _ in range(steps)]
                memory = worker.close()
            speed = passes * gflop(BATCH, 224) / median(seconds)
            values = {
                "images/s": round(BATCH / median(seconds), 2),
                "an epoch, minutes": round(STEPS_PER_EPOCH * median(seconds) / 60, 1),
                "GFLOP/s": round(speed),
                "memory, MiB": round(memory),
            }
            if training == "robust":
                values |= paper_hours(speed, "cpu")
            row = figures(f"CUB200's size, ResNet50@224, batch {BATCH}: {training}, {precision}", values)
            yield row | {"seconds": seconds, "spread": spread(seconds), "preparing": round(preparing, 1)}


def study_in(folder: str, precision: str) -> Study:
    """Return the study of the synthetic dataset, its optimisation the paper's."""
    from benchmarks import engine

    dataset = engine.textures(classes=CLASSES, images_per_class=2, pixels=PIXELS)
    del dataset["images_per_class"]
    dataset |= {"images": IMAGES, "transform": {"size": 224, "resize": 256, "train_side": PIXELS}}
    return engine.make_study(Path(folder), dataset, engine.RESNET50, optimisation={"precision": precision})


def prepare(folder: str) -> Way:
    """Paint, index and pack the images."""
    from benchmarks import engine

    study = study_in(folder, "fp32")
    return lambda: engine.prepare(study, workers=2)


def step(folder: str, training: str, precision: str) -> Way:
    """Return the next step of the first epoch, its batch loaded as a training loads it."""
    from benchmarks import engine
    from robust_dml.data.loading.batches import train_batches
    from robust_dml.training.loop import train_step

    opened = engine.open_training(study_in(folder, precision), training)
    batches = enumerate(train_batches(opened.part, classes=BATCH // 2, samples=2, seed=0, epoch=0))
    _, first = next(batches)
    engine.calibrate(opened.forward.model, first.images[:16].float() / 255)

    def run() -> float | None:
        number, batch = next(batches)
        return train_step(opened, batch, 0, number)

    return run
