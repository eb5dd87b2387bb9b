"""From nothing, or from archives, to images and their index."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robust_dml.config.data import DatasetConfig
from robust_dml.data.archives.originals import unpack_originals
from robust_dml.data.archives.sources import Source, load_source
from robust_dml.data.decode import checksum, decode, raise_if_damaged
from robust_dml.data.index.file import ROLES, Index, write_index
from robust_dml.data.index.listing import Listed, list_images, say_skipped
from robust_dml.data.index.splits import all_splits
from robust_dml.data.parallel import map_images
from robust_dml.data.paths import images_folder, index_path, own_photographs
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling

Facts = tuple[int, int, int]  # width, height, crc32


def build_index(config: DatasetConfig, data_root: Path, sources: Path, *, workers: int) -> Path:
    """Unpack or generate the images of a dataset unless they are there, open every one, and write index.csv.

    Raises UserError that names the images that cannot be read, or if their number is not that of the table `sources`.
    """
    images, record = images_folder(config, data_root), config.record
    source = load_source(sources, config.kind) if record.origin == "archives" else None
    if source is not None:
        unpack_originals(source, images, data_root, record.arrange)
    elif record.generate is not None and (own_photographs(config) is not None or not images.exists()):
        with filling(images) as unfinished:
            record.generate(unfinished, config.options, workers)
    listed = list_images(config, images)
    if source is not None:
        _require_counts(images, listed, source)
    elif config.listing is None:
        say_skipped(images, listed)
    path = index_path(config, data_root)
    write_index(path, _index(listed, _inspect_all(images, listed, workers=workers)))
    return path


def _require_counts(images: Path, listed: list[Listed], source: Source) -> None:
    found = len(listed), len({image.label for image in listed})
    expected = source.images or found[0], source.classes or found[1]
    if found != expected:
        text = "expected {} images of {} classes, found {} of {}".format(*expected, *found)
        raise UserError(f"{images}: {text}; delete the folder and try again")


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
    told_apart = listed[0].roles is not None
    own = {name: np.array([image.sides[name] for image in listed]) for name in listed[0].sides}
    return Index(
        paths=[image.path for image in listed],
        labels=labels,
        classes=[image.class_name for image in listed],
        widths=widths,
        heights=heights,
        checksums=checksums,
        splits={**all_splits(labels), **own},
        roles={role: np.array([role in (image.roles or ()) for image in listed]) for role in ROLES if told_apart},
        groups={kind: _numbered([image.groups.get(kind, "") for image in listed]) for kind in listed[0].groups},
    )


def _numbered(groups: list[str]) -> NDArray[np.int64]:
    """Return a number per group (N,); an image of no group (an empty name) has a number of its own."""
    alone = [group or f"\n{place}" for place, group in enumerate(groups)]  # no name of a group holds a line break
    numbers: NDArray[np.int64] = np.unique(np.array(alone), return_inverse=True)[1].astype(np.int64)
    return numbers
