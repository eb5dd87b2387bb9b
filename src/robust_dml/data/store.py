"""The store: every image once as its exact test crop, and once at a short side that training crops are cut from.

All images are stored, not those of one side of a split, so that all splits of a dataset share one store.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data.folders import filling
from robust_dml.data.index import Index, read_index
from robust_dml.data.packed import PackedImages
from robust_dml.data.parallel import map_images
from robust_dml.data.paths import (
    STORE_RECORD,
    STORE_TEST,
    STORE_TRAIN,
    images_folder,
    index_path,
    packs_training,
    store_folder,
)
from robust_dml.data.sizes import stored_size
from robust_dml.errors import UserError
from robust_dml.files import read_json, sha256_of, write_json


def packed_test(index: Index, transform: TransformConfig, folder: Path) -> PackedImages:
    """The test crops of all images, in the order of the index."""
    side = np.full(len(index), transform.size, dtype=np.int64)
    return PackedImages(folder / STORE_TEST, side, side)


def packed_training(index: Index, transform: TransformConfig, folder: Path) -> PackedImages | None:
    """The training images in the order of the index; None where training reads files or test crops."""
    if not packs_training(transform):
        return None
    side = int(transform.train_side)
    sizes = [stored_size(w, h, side) for w, h in zip(index.widths.tolist(), index.heights.tolist(), strict=True)]
    widths, heights = np.array(sizes, dtype=np.int64).reshape(-1, 2).T
    return PackedImages(folder / STORE_TRAIN, heights, widths)


@dataclass(frozen=True)
class _Writer:
    """Packs one image at a time; worker processes share the files that `create` made."""

    images: Path
    index: Index
    transform: TransformConfig
    test: PackedImages
    training: PackedImages | None

    def __call__(self, i: int) -> None:
        from robust_dml.data.decode import decode
        from robust_dml.data.transforms import stored_image, test_crop

        image = decode(self.images / self.index.paths[i])
        if image.size != (self.index.widths[i], self.index.heights[i]):
            raise UserError(f"{self.images / self.index.paths[i]}: changed since the index; run `robust-dml index`")
        self.test.write(i, np.asarray(test_crop(image, self.transform)))
        if self.training is not None:
            self.training.write(i, np.asarray(stored_image(image, int(self.transform.train_side))))


def build_store(config: DatasetConfig, data_root: Path, *, workers: int) -> Path:
    """Write the store that fits the dataset's transform; it appears at once and complete."""
    path = index_path(config, data_root)
    index, folder = read_index(path), store_folder(config, data_root)
    _require_space(folder, index, config.transform)
    with filling(folder) as unfinished:
        test = packed_test(index, config.transform, unfinished)
        training = packed_training(index, config.transform, unfinished)
        (unfinished / STORE_TRAIN).touch()
        for packed in filter(None, [test, training]):
            packed.create()
        writer = _Writer(images_folder(config, data_root), index, config.transform, test, training)
        for _ in map_images(writer, range(len(index)), workers=workers, title="packing"):
            pass
        write_json(unfinished / STORE_RECORD, _record(path, index))
    return folder


def require_store(config: DatasetConfig, data_root: Path, index_sha256: str, index: Index) -> Path:
    """The folder of the store. Raises UserError if it is absent, damaged, or made for another index."""
    folder = store_folder(config, data_root)
    remedy = "run `robust-dml store` or `snakemake data`"
    try:
        record = read_json(folder / STORE_RECORD)
    except (FileNotFoundError, ValueError) as error:
        raise UserError(f"{folder}: the images are not packed; {remedy}") from error
    if record.get("index_sha256") != index_sha256:
        raise UserError(f"{folder}: packed for another index.csv than the present one; {remedy}")
    packed = [packed_test(index, config.transform, folder), packed_training(index, config.transform, folder)]
    for file in filter(None, packed):
        size = file.path.stat().st_size if file.path.exists() else None
        if size != file.size:
            raise UserError(f"{file.path}: {size} bytes where {file.size} belong; {remedy}")
    return folder


def _record(path: Path, index: Index) -> dict[str, Any]:
    return {"index_sha256": sha256_of(path), "images": len(index)}


def _require_space(folder: Path, index: Index, transform: TransformConfig) -> None:
    packed = filter(None, [packed_test(index, transform, folder), packed_training(index, transform, folder)])
    needed, free = sum(file.size for file in packed), shutil.disk_usage(folder.parent).free
    if needed > free:
        raise UserError(f"{folder}: packing needs {needed / 1e9:.1f} GB, the disk has {free / 1e9:.1f} GB left")
