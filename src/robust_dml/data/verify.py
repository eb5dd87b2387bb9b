"""Verify that prepared images are those of their index, to the last pixel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data.decode import checksum, decode, raise_if_damaged
from robust_dml.data.index.file import Index, read_index
from robust_dml.data.index.listing import list_images
from robust_dml.data.parallel import map_images
from robust_dml.data.paths import images_folder, index_path, store_folder
from robust_dml.data.store.build import Store, open_store, packed_forms
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of


def verify(config: DatasetConfig, data_root: Path, *, workers: int) -> str:
    """Open every image, compare its pixels with the index and with the store, and return one line about the result.

    The line counts the test images whose pixels are also those of a training image. Raises UserError that names the
    images that are damaged, changed, missing or new.
    """
    path, images = index_path(config, data_root), images_folder(config, data_root)
    index = read_index(path)
    _require_same_images(path, index, [image.path for image in list_images(config, images)])
    packed = store_folder(config, data_root).exists()
    store = open_store(config, data_root, index, sha256_of(path)) if packed else None
    check = _Check(config.transform, images, index, store)
    mistakes = [m for m in map_images(check, range(len(index)), workers=workers, title="verifying") if m]
    raise_if_damaged(mistakes, len(index))
    found = f"{len(index)} images of {len(np.unique(index.labels))} classes as indexed"
    return f"{path.parent}: {found}{', and as packed' if packed else ''}{_on_both_sides(index, config.split)}"


@dataclass(frozen=True)
class _Check:
    """Return the mistake of image i, if there is one."""

    transform: TransformConfig
    images: Path
    index: Index
    store: Store | None

    def __call__(self, i: int) -> str | None:
        path = self.images / self.index.paths[i]
        try:
            image = decode(path)
        except UserError as error:
            return str(error)
        if checksum(image) != self.index.checksums[i]:
            return f"{path}: its pixels are not those of the index"
        if self.store is None:
            return None
        forms = packed_forms(image, self.transform)
        for file, form in zip(self.store.files, forms, strict=True):
            if not np.array_equal(file.read(i), form):
                return f"{file.path}: image {i} is not what {path} packs to"
        return None


def _require_same_images(path: Path, index: Index, listed: list[str]) -> None:
    missing, new = set(index.paths) - set(listed), set(listed) - set(index.paths)
    if missing or new:
        example = sorted(missing | new)[0]
        raise UserError(f"{path}: {len(missing)} images gone and {len(new)} new, such as {example}; index again")


def _on_both_sides(index: Index, split: str) -> str:
    """Return a clause on test images that are also training images: those of equal size and CRC-32."""
    pixels = list(zip(index.widths.tolist(), index.heights.tolist(), index.checksums.tolist(), strict=True))
    training = {pixels[i]: i for i in np.flatnonzero(index.splits[split])}
    pairs = [(training[pixels[i]], i) for i in np.flatnonzero(~index.splits[split]) if pixels[i] in training]
    if not pairs:
        return ""
    example = " = ".join(index.paths[i] for i in pairs[0])
    return f"; {len(pairs)} test images are also training images (split {split}), such as {example}"
