"""The store: every image once as its exact test crop, and once at a short side that training crops are cut from.

All images are stored, not those of one side of a split, so that all splits of a dataset share one store.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data.index.file import Index, read_index
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
from robust_dml.data.store.packed import Bytes, PackedImages
from robust_dml.data.store.transforms import stored_image, stored_size, test_crop
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling, read_json, sha256_of, write_json

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Store:
    """The packed images of a folder, both in the order of the index; `training` is None if training reads others."""

    folder: Path
    test: PackedImages
    training: PackedImages | None

    @property
    def files(self) -> list[PackedImages]:
        return [self.test] + ([self.training] if self.training else [])


def store_in(folder: Path, index: Index, transform: TransformConfig) -> Store:
    """Return the store of an index and a transform; its files need not exist."""
    square = np.full(len(index), transform.size, dtype=np.int64)
    test = PackedImages(folder / STORE_TEST, square, square)
    if not packs_training(transform):
        return Store(folder, test, None)
    side = int(transform.train_side)
    sizes = [stored_size(w, h, side) for w, h in zip(index.widths.tolist(), index.heights.tolist(), strict=True)]
    widths, heights = np.array(sizes, dtype=np.int64).reshape(-1, 2).T
    return Store(folder, test, PackedImages(folder / STORE_TRAIN, heights, widths))


def packed_forms(image: Image.Image, transform: TransformConfig) -> list[Bytes]:
    """Return the forms in which the store holds an image, each uint8 (height, width, 3), ordered as `Store.files`."""
    forms = [test_crop(image, transform)]
    if packs_training(transform):
        forms.append(stored_image(image, int(transform.train_side)))
    return [np.asarray(form) for form in forms]


def build_store(config: DatasetConfig, data_root: Path, *, workers: int) -> Path:
    """Write the store of a dataset for its transform, complete or not at all, and return its folder."""
    path = index_path(config, data_root)
    index, folder = read_index(path), store_folder(config, data_root)
    with filling(folder) as unfinished:
        store = store_in(unfinished, index, config.transform)
        _require_space(store)
        (unfinished / STORE_TRAIN).touch()
        for packed in store.files:
            packed.create()
        pack = _Packer(images_folder(config, data_root), index, config.transform, store)
        for _ in map_images(pack, range(len(index)), workers=workers, title="packing"):
            pass
        write_json(unfinished / STORE_RECORD, {"index_sha256": sha256_of(path), "images": len(index)})
    return folder


def open_store(config: DatasetConfig, data_root: Path, index: Index, index_sha256: str) -> Store:
    """Open the store of a dataset. Raises UserError if it is absent, damaged, or made for another index."""
    folder = store_folder(config, data_root)
    remedy = "run `robust-dml store` or `snakemake data`"
    try:
        record = read_json(folder / STORE_RECORD)
    except (FileNotFoundError, ValueError) as error:
        raise UserError(f"{folder}: the images are not packed; {remedy}") from error
    if record.get("index_sha256") != index_sha256:
        raise UserError(f"{folder}: packed for another index.csv than the present one; {remedy}")
    store = store_in(folder, index, config.transform)
    for file in store.files:
        size = file.path.stat().st_size if file.path.exists() else 0
        if size != file.size:
            raise UserError(f"{file.path}: expected {file.size} bytes, found {size}; {remedy}")
    return store


@dataclass(frozen=True)
class _Packer:
    """Pack image i; worker processes write to the same files, each to its own bytes."""

    images: Path
    index: Index
    transform: TransformConfig
    store: Store

    def __call__(self, i: int) -> None:
        from robust_dml.data.decode import decode

        path, size = self.images / self.index.paths[i], (self.index.widths[i], self.index.heights[i])
        image = decode(path)
        if image.size != size:
            raise UserError(f"{path}: {image.width} x {image.height} pixels, not as indexed; run `robust-dml index`")
        for file, form in zip(self.store.files, packed_forms(image, self.transform), strict=True):
            file.write(i, form)


def _require_space(store: Store) -> None:
    needed, free = sum(file.size for file in store.files), shutil.disk_usage(store.folder).free
    if needed > free:
        raise UserError(f"{store.folder}: packing needs {needed / 1e9:.1f} GB, found {free / 1e9:.1f} GB free")
