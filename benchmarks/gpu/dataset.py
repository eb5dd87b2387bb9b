"""The synthetic set of CUB200's size and the study that trains on it, with the paper's optimisation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.gpu.size import Size

if TYPE_CHECKING:
    from robust_dml.config import Study

MOST_WORKERS = 16


def workers() -> int:
    """Return the processes that paint, pack and load images: one per core."""
    return min(MOST_WORKERS, os.cpu_count() or 1)


def study_in(folder: Path, size: Size, precision: str) -> Study:
    """Return the study of the set in a folder; its training images are stored a little larger than they are used."""
    from benchmarks import engine

    side = size.pixels * 8 // 7  # 256 for 224
    dataset = engine.textures(classes=size.classes, images_per_class=2, pixels=side)
    del dataset["images_per_class"]
    dataset |= {"images": size.images, "transform": {"size": size.pixels, "resize": side, "train_side": side}}
    loading = {"workers": 0 if size.tiny else workers(), "classes_per_batch": size.batch // 2}
    optimisation = {"precision": precision, "epochs": 1, **loading}
    return engine.make_study(folder, dataset, engine.RESNET50, device=size.device, optimisation=optimisation)


def prepare(folder: Path, size: Size) -> None:
    """Paint, index and pack the images."""
    from benchmarks import engine

    engine.prepare(study_in(folder, size, "bf16"), workers=1 if size.tiny else workers())
