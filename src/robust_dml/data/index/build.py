"""From nothing, or from archives, to images and their index."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from robust_dml.config.data import DatasetConfig
from robust_dml.data.archives.originals import unpack_originals
from robust_dml.data.archives.sources import Source, load_sources
from robust_dml.data.datasets.digits import write_digits
from robust_dml.data.datasets.gaussians import write_gaussians
from robust_dml.data.datasets.textures import write_textures
from robust_dml.data.decode import checksum, decode, raise_if_damaged
from robust_dml.data.index.file import Index, write_index
from robust_dml.data.index.listing import Listed
from robust_dml.data.index.readers import list_images
from robust_dml.data.index.splits import all_splits
from robust_dml.data.parallel import map_images
from robust_dml.data.paths import FROM_ARCHIVES, images_folder, index_path
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling

Facts = tuple[int, int, int]  # width, height, crc32


def build_index(config: DatasetConfig, data_root: Path, sources: Path, *, workers: int) -> Path:
    """Unpack or make the images of a dataset if they are not there, open every one, and write index.csv.

    Raises UserError that names the images which cannot be read, or if there are not as many as there should be.
    """
    images = images_folder(config, data_root)
    source = load_sources(sources)[config.kind] if config.kind in FROM_ARCHIVES else None
    if source is not None:
        unpack_originals(config.kind, source, images, data_root)
    elif config.kind != "folder" and not images.exists():
        _generate(config, images, workers)
    listed = list_images(config, images)
    _require_counts(images, listed, source)
    path = index_path(config, data_root)
    write_index(path, _index(listed, _inspect_all(images, listed, workers=workers)))
    return path


def _generate(config: DatasetConfig, images: Path, workers: int) -> None:
    sizes = config.model_dump(include={"classes", "images_per_class", "pixels"}, exclude_none=True)
    with filling(images) as unfinished:
        match config.kind:
            case "digits":
                write_digits(unfinished)
            case "gaussians":
                write_gaussians(unfinished, **sizes)
            case "textures":
                write_textures(unfinished, **sizes, total=config.images, workers=workers)


def _require_counts(images: Path, listed: list[Listed], source: Source | None) -> None:
    found = len(listed), len({image.label for image in listed})
    expected = (source.images or found[0], source.classes or found[1]) if source else found
    if found != expected:
        text = "{} images of {} classes"
        raise UserError(
            f"{images}: {text.format(*found)} where {text.format(*expected)} belong; delete it and try again"
        )


def _inspect_all(images: Path, listed: list[Listed], *, workers: int) -> list[Facts]:
    paths = [image.path for image in listed]
    found = list(map_images(partial(_inspect, images), paths, workers=workers, title="checking"))
    mistakes = [fact for fact in found if isinstance(fact, str)]
    raise_if_damaged(mistakes, len(found))
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
    own = {name: np.array([image.sides[name] for image in listed]) for name in listed[0].sides}
    return Index(
        paths=[image.path for image in listed],
        labels=labels,
        classes=[image.class_name for image in listed],
        widths=widths,
        heights=heights,
        checksums=checksums,
        splits={**all_splits(labels), **own},
    )
