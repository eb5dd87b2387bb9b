"""Training and test batches from the store, against torchvision's ImageFolder and DataLoader, on one core."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from benchmarks.row import Row, compare, figures
from benchmarks.worker import Call, Way
from robust_dml.config.data import DatasetConfig

if TYPE_CHECKING:
    from robust_dml.data.loading.dataset import Dataset

CLASSES, SAMPLES = 14, 2
IMAGES_PER_CLASS = 8
WIDTH, HEIGHT, QUALITY = 500, 375, 90  # as most of CUB's photographs
GOALS = {"training": 4, "test": 10}
HERE = "benchmarks.rows.batches"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row for each kind of batch, and one for the store itself."""
    with tempfile.TemporaryDirectory() as folder:
        write_photographs(Path(folder, "own"), 2 * CLASSES, IMAGES_PER_CLASS)
        store = make_store(Path(folder))
        for kind, goal in GOALS.items():
            settings = {"folder": folder, "kind": kind}
            row, turns = compare(
                f"{kind} batches, 224 pixels, one core",
                Call(f"{HERE}:released", settings, settled=False, threads=1),
                Call(f"{HERE}:ours", settings, threads=1),
                goal=goal,
                rounds=2 if quick else 9,
            )
            count, identical = turns.results["ours"]["images"], turns.results["ours"] == turns.results["released"]
            row["values"] = {f"{w}, images/s": round(count / np.median(turns.seconds[w])) for w in ("released", "ours")}
            if kind == "test":
                row |= {"goal": f"{row['goal']}, bit-identical", "met": row["met"] and identical}
            yield row
        yield store


def write_photographs(folder: Path, classes: int, images_per_class: int) -> None:
    """Write JPEGs of 1/f noise, which take as many bytes as detailed photographs: folder/<class>/<number>.jpg."""
    draw = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None, :])
    frequency[0, 0] = 1
    for label in range(classes):
        (folder / f"{label:03d}").mkdir(parents=True)
        for number in range(images_per_class):
            waves = draw.normal(size=(3, *frequency.shape)) + 1j * draw.normal(size=(3, *frequency.shape))
            image = np.fft.irfft2(waves / frequency, s=(HEIGHT, WIDTH))
            pixels = np.clip(128 + 50 * image / image.std(), 0, 255).astype(np.uint8)
            Image.fromarray(pixels.transpose(1, 2, 0)).save(folder / f"{label:03d}" / f"{number}.jpg", quality=QUALITY)


def make_store(folder: Path) -> Row:
    """Index and pack the photographs; what that takes and how large the files are."""
    from robust_dml.data.index.build import build_index
    from robust_dml.data.paths import store_folder
    from robust_dml.data.store.build import build_store

    config, images = settings_of(folder), 2 * CLASSES * IMAGES_PER_CLASS
    indexing = _seconds(lambda: build_index(config, folder, Path(), workers=1))
    packing = _seconds(lambda: build_store(config, folder, workers=1))
    store = store_folder(config, folder)
    sizes = {f"{name} crop, bytes": (store / f"{name}.uint8").stat().st_size // images for name in ("test", "train")}
    files = sum(file.stat().st_size for file in (folder / "own").rglob("*.jpg")) // images
    times = {"index, images/s": round(images / indexing), "store, images/s": round(images / packing)}
    return figures("store, 500 x 375 JPEGs, one core", {"JPEG, bytes": files, **sizes, **times})


def settings_of(folder: Path) -> DatasetConfig:
    """Return the dataset of the photographs, as a study describes it."""
    return DatasetConfig(kind="folder", options={"folder": folder / "own"}, backbone="net")


def ours(folder: str, kind: str) -> Way:
    """Load an epoch of one kind of batches as floats in [0, 1]; return what `_tally` does."""
    from robust_dml.data import open_dataset
    from robust_dml.data.loading.batches import train_batches

    dataset = open_dataset(settings_of(Path(folder)), Path(folder))
    train, test = dataset.part("train"), dataset.part("test")
    if kind == "training":
        return lambda: _tally(
            batch.images.float().div_(255)
            for batch in train_batches(train, classes=CLASSES, samples=SAMPLES, seed=0, epoch=0)
        )
    return lambda: _tally((test.test_images(batch).float().div_(255) for batch in _scan(dataset)), exact=True)


def released(folder: str, kind: str) -> Way:
    """The same images by PIL, torchvision's transforms and a DataLoader in this process."""
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder

    from benchmarks.released import test_transform, train_transform
    from robust_dml.data import open_dataset
    from robust_dml.data.loading.sampler import epoch_batches

    dataset = open_dataset(settings_of(Path(folder)), Path(folder))
    training = kind == "training"
    part = dataset.part("train" if training else "test")
    epoch = epoch_batches(part.labels, CLASSES, SAMPLES, seed=0, epoch=0) if training else _scan(dataset)
    images = ImageFolder(str(Path(folder, "own")), train_transform(224) if training else test_transform(224, 256))
    loader = DataLoader(images, batch_sampler=[part.ids[batch].tolist() for batch in epoch])
    return lambda: _tally((batch for batch, _ in loader), exact=not training)


def _scan(dataset: Dataset) -> list[np.ndarray]:
    count = len(dataset.part("test"))
    return np.array_split(np.arange(count), count // (CLASSES * SAMPLES))


def _tally(batches: Any, *, exact: bool = False) -> dict[str, Any]:
    """Return the number of images; `exact` adds a checksum of their pixels in whole numbers."""
    count, checksum = 0, 0
    for batch in batches:
        count += len(batch)
        if exact:
            checksum += int((batch[:, :, ::31, ::29] * 255).round().long().sum())
    return {"images": count, "checksum": checksum}


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
