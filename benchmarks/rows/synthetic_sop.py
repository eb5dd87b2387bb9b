"""A dataset as large as Stanford Online Products, of textures: index, store, one epoch of batches, search, metrics."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row, figures
from benchmarks.worker import Call, Way, Worker
from robust_dml.config import Study

IMAGES, CLASSES, PIXELS = 120_053, 22_634, 64
TEST_IMAGES, TEST_CLASSES = 60_502, 11_316
LIMIT_MIB = 24 * 1024
WORKERS = 2
HERE = "benchmarks.rows.synthetic_sop"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per stage, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for stage in ("painting_and_indexing", "packing", "loading"):
            yield _stage(stage, Call(f"{HERE}:{stage}", {"folder": folder}))
    sizes = {"images": TEST_IMAGES, "classes": TEST_CLASSES}
    yield _stage("searching", Call("benchmarks.rows.scale:searching", {"size": TEST_IMAGES}))
    yield _stage("metrics", Call("benchmarks.rows.metrics:ours", sizes))


def _stage(stage: str, call: Call) -> Row:
    with Worker(call) as worker:
        seconds = worker.time()
        memory = worker.close()
    values = {"seconds": round(seconds, 1), "memory, MiB": round(memory)}
    what = f"SOP's size ({IMAGES:,} images of {PIXELS} pixels): {stage.replace('_', ' ')}"
    return figures(what, values, goal="within 24 GiB", met=memory < LIMIT_MIB)


def study_in(folder: str) -> Study:
    """Return the study of the synthetic dataset."""
    from benchmarks import engine

    dataset = engine.textures(classes=CLASSES, images_per_class=2, pixels=PIXELS)
    del dataset["images_per_class"]
    dataset["images"] = IMAGES
    optimisation = {"classes_per_batch": 56, "samples_per_class": 2}
    return engine.make_study(Path(folder), dataset, engine.DEMO_NET, optimisation=optimisation)


def painting_and_indexing(folder: str) -> Way:
    """Make the images and index them."""
    from robust_dml.data.index.build import build_index

    study = study_in(folder)
    return lambda: str(build_index(study.datasets["images"], study.data_root, study.sources, workers=WORKERS))


def packing(folder: str) -> Way:
    """Pack them."""
    from robust_dml.data.store.build import build_store

    study = study_in(folder)
    return lambda: str(build_store(study.datasets["images"], study.data_root, workers=WORKERS))


def loading(folder: str) -> Way:
    """One epoch of training batches."""
    from robust_dml.data import open_dataset
    from robust_dml.data.loading.batches import train_batches

    study = study_in(folder)
    part = open_dataset(study.datasets["images"], study.data_root).part("train")
    return lambda: sum(len(batch.images) for batch in train_batches(part, classes=56, samples=2, seed=0, epoch=0))
