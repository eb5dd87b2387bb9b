"""From nothing, or from archives, to images and their index."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from robust_dml.config.data import DatasetConfig
from robust_dml.data.decode import EXTENSIONS, checksum, decode
from robust_dml.data.folders import filling
from robust_dml.data.index import Index, write_index
from robust_dml.data.kinds.digits import write_digits
from robust_dml.data.kinds.gaussians import write_gaussians
from robust_dml.data.listing import Listed, list_class_folders
from robust_dml.data.parallel import map_images
from robust_dml.data.paths import images_folder, index_path
from robust_dml.data.splits import all_splits
from robust_dml.errors import UserError
from robust_dml.progress import say

Facts = tuple[int, int, int]  # width, height, crc32
NAMED = 5


def build_index(config: DatasetConfig, data_root: Path, *, workers: int) -> Path:
    """Make or unpack the images of a dataset if they are not there, open every one, and write index.csv.

    Raises UserError that names the images which cannot be read, if any.
    """
    images = images_folder(config, data_root)
    if not images.exists():
        _generate(config, images)
    listed = sorted(list_class_folders(images, EXTENSIONS), key=lambda image: (image.label, image.path))
    path = index_path(config, data_root)
    write_index(path, _index(listed, _inspect_all(images, listed, workers=workers)))
    return path


def _generate(config: DatasetConfig, images: Path) -> None:
    sizes = config.model_dump(include={"images_per_class", "pixels"}, exclude_none=True)
    with filling(images) as unfinished:
        if config.kind == "digits":
            write_digits(unfinished)
        elif config.kind == "gaussians":
            write_gaussians(unfinished, **sizes)


def _inspect_all(images: Path, listed: list[Listed], *, workers: int) -> list[Facts]:
    paths = [image.path for image in listed]
    found = list(map_images(partial(_inspect, images), paths, workers=workers, title="checking"))
    mistakes = [fact for fact in found if isinstance(fact, str)]
    if mistakes:
        for mistake in mistakes[NAMED:]:
            say(mistake)
        raise UserError(f"{len(mistakes)} of {len(found)} images cannot be used: {'; '.join(mistakes[:NAMED])}")
    return [fact for fact in found if not isinstance(fact, str)]


def _inspect(images: Path, path: str) -> Facts | str:
    try:
        image = decode(images / path)
    except UserError as error:
        return str(error)
    return image.width, image.height, checksum(image)


def _index(listed: list[Listed], facts: list[Facts]) -> Index:
    labels = np.array([image.label for image in listed], dtype=np.int64)
    widths, heights, checksums = np.array(facts, dtype=np.int64).T
    return Index(
        paths=[image.path for image in listed],
        labels=labels,
        classes=[image.class_name for image in listed],
        widths=widths,
        heights=heights,
        checksums=checksums,
        splits=all_splits(labels),
    )
