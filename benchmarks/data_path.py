"""Training and test batches from the store, against torchvision's ImageFolder and DataLoader: images/s on one core.

`python -m benchmarks.data_path [--quick]` runs these rows alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.row import Row, compare, value_row
from robust_dml.config.data import DatasetConfig
from robust_dml.data import open_dataset
from robust_dml.data.batches import train_batches
from robust_dml.data.dataset import Part
from robust_dml.data.prepare import build_index
from robust_dml.data.sampler import epoch_batches
from robust_dml.data.store import build_store

CLASSES, SAMPLES = 14, 2
WIDTH, HEIGHT, QUALITY = 500, 375, 90  # as most of CUB's photographs


def data_rows(*, images_per_class: int = 8, rounds: int = 5) -> list[Row]:
    """Both loaders at the paper's sizes, in this process, on one thread; float images in [0, 1] at the end of both."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _rows(Path(folder), images_per_class, rounds)
    finally:
        torch.set_num_threads(threads)


def write_photographs(folder: Path, classes: int, images_per_class: int) -> None:
    """JPEGs of 1/f noise, which take as many bytes as detailed photographs: folder/<class>/<number>.jpg."""
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


def _rows(folder: Path, images_per_class: int, rounds: int) -> list[Row]:
    write_photographs(folder / "own", 2 * CLASSES, images_per_class)
    config = DatasetConfig(kind="folder", folder=folder / "own", backbone="net")
    indexing = _seconds(lambda: build_index(config, folder, Path(), workers=1))
    packing = _seconds(lambda: build_store(config, folder, workers=1))
    dataset = open_dataset(config, folder)
    train, test = dataset.part("train"), dataset.part("test")
    epoch = epoch_batches(train.labels, CLASSES, SAMPLES, seed=0, epoch=0)
    scan = np.array_split(np.arange(len(test)), max(1, len(test) // (CLASSES * SAMPLES)))
    loaders = {
        "training batches": (lambda: _released(folder / "own", train, epoch, True), lambda: _our_training(train), 4),
        "test batches": (lambda: _released(folder / "own", test, scan, False), lambda: _our_test(test, scan), 10),
    }
    rows = []
    for what, (released, ours, goal) in loaders.items():
        images = ours()
        if released() != images:
            raise AssertionError(f"{what}: the two ways load {released()} and {images} images")
        row = compare(what, {"released": released, "ours": ours}, goal=goal, rounds=rounds)
        speeds = {way: images / float(np.median(seconds)) for way, seconds in row["seconds"].items()}
        rows.append(row | {"values": {f"{way}, images/s on one core": round(speed) for way, speed in speeds.items()}})
    return [*rows, _store_row(config, folder, len(dataset.index), indexing, packing)]


def _released(folder: Path, part: Part, batches: Sequence[np.ndarray], training: bool) -> int:
    """The released loader over batches of positions: PIL, random crop and flip or resize and crop, ToTensor."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    random = [transforms.RandomResizedCrop(224, scale=(0.6, 1.0)), transforms.RandomHorizontalFlip()]
    fixed = [transforms.Resize(256), transforms.CenterCrop(224)]
    transform = transforms.Compose([*(random if training else fixed), transforms.ToTensor()])
    sampler = [part.ids[batch].tolist() for batch in batches]
    return sum(len(images) for images, _ in DataLoader(ImageFolder(folder, transform), batch_sampler=sampler))


def _our_training(part: Part) -> int:
    batches = train_batches(part, classes=CLASSES, samples=SAMPLES, seed=0, epoch=0)
    return sum(len(batch.images.float().div_(255)) for batch in batches)


def _our_test(part: Part, batches: Sequence[np.ndarray]) -> int:
    return sum(len(part.test_images(batch).float().div_(255)) for batch in batches)


def _store_row(config: DatasetConfig, folder: Path, images: int, indexing: float, packing: float) -> Row:
    from robust_dml.data.paths import store_folder

    store = store_folder(config, folder)
    sizes = {
        f"{name}, bytes an image": (store / f"{name}.uint8").stat().st_size // images for name in ("test", "train")
    }
    files = sum(file.stat().st_size for file in (folder / "own").rglob("*.jpg")) // images
    times = {"index, images/s": round(images / indexing), "store, images/s": round(images / packing)}
    return value_row("store", {"JPEG, bytes an image": files, **sizes, **times})


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Print the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    print(json.dumps(data_rows(rounds=2 if parser.parse_args().quick else 7), indent=2))


if __name__ == "__main__":
    main()
