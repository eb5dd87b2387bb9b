"""Which images a folder holds, and of which classes, before any of them is opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import say

if TYPE_CHECKING:
    from robust_dml.config.data import DatasetConfig

EXTENSIONS = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One image: its path below the images folder, its class, its side and its roles in the splits of its dataset."""

    path: str
    label: int
    class_name: str
    sides: dict[str, bool] = field(default_factory=dict)  # split -> training
    roles: frozenset[str] | None = None  # query, gallery, both or none; None if the dataset does not say
    groups: dict[str, str] = field(default_factory=dict)  # kind -> group; images of one group ignore each other


def list_images(config: DatasetConfig, images: Path) -> list[Listed]:
    """Return the images of a dataset below the folder `images`, sorted by label and path.

    Raises UserError if the folder has another layout, holds fewer than two classes, or if the name of a file does
    not fit into a line of the index.
    """
    try:
        listed = config.record.list(config.listing or images)
    except (OSError, ValueError, LookupError, StopIteration) as error:
        reason = f"{type(error).__name__} {error}"
        raise UserError(f"{images}: not laid out as {config.kind} is: {reason}; see docs/datasets.md") from error
    for image in listed:
        if not _fits_in_a_line(image.path):
            name = ascii(image.path)
            raise UserError(f"{images}: {name}: expected a name in UTF-8 without line breaks; rename the file")
    classes = len({image.label for image in listed})
    if classes < 2:
        raise UserError(f"{images}: expected images of at least 2 classes, found {classes}; see docs/datasets.md")
    return sorted(_below(images, listed), key=lambda image: (image.label, image.path))


def _below(images: Path, listed: Sequence[Listed]) -> list[Listed]:
    """Return the images with paths from the folder `images`. Raises UserError if one is outside or given twice."""
    root = images.absolute()
    taken: dict[str, Listed] = {}
    for image in listed:
        path = Path(os.path.normpath(root / image.path))
        if not path.is_relative_to(root):
            raise UserError(f"{image.path}: outside the folder of the images, {images}; give a path below it")
        inside = path.relative_to(root).as_posix()
        if inside in taken:
            raise UserError(f"{images / inside}: listed twice; list each image once")
        taken[inside] = image if inside == image.path else replace(image, path=inside)
    return list(taken.values())


def list_class_folders(images: Path, extensions: frozenset[str] = EXTENSIONS) -> list[Listed]:
    """Return the images of one sub-folder per class; classes count in the order of their folders' names (code points).

    Folders without images are no classes.
    """
    paths = {folder.name: images_below(images, folder, extensions) for folder in class_folders(images)}
    classes = [name for name, found in paths.items() if found]
    return [Listed(path, label, name) for label, name in enumerate(classes) for path in paths[name]]


def class_folders(images: Path) -> list[Path]:
    """Return the sub-folders of a folder, but for hidden ones, sorted by code point."""
    return sorted(path for path in images.iterdir() if path.is_dir() and not path.name.startswith("."))


def images_below(root: Path, folder: Path, extensions: frozenset[str] = EXTENSIONS) -> list[str]:
    """Return the paths from `root` of the image files at any depth below `folder`, sorted by code point.

    Hidden files are left out, and so is whatever is no regular file, such as a pipe.
    """
    found = (path for path in folder.rglob("*") if path.suffix.lower() in extensions and path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found if not path.name.startswith("."))


def say_skipped(images: Path, listed: Sequence[Listed]) -> None:
    """Print how many files below `images` are not among the listed ones, if there are any but hidden ones."""
    taken = {image.path for image in listed}
    files = (path.relative_to(images) for path in images.rglob("*") if not path.is_dir())
    skipped = sorted(
        file.as_posix()
        for file in files
        if file.as_posix() not in taken and not any(part.startswith(".") for part in file.parts)
    )
    if skipped:
        example = skipped[0] if _fits_in_a_line(skipped[0]) else ascii(skipped[0])
        why = f"not in the folder of a class, or not one of {', '.join(sorted(EXTENSIONS))}"
        say(f"{images}: {len(skipped)} files skipped, such as {example}: {why}")


def _fits_in_a_line(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # bytes of the file system that are no UTF-8
        return False
    return "\r" not in path and "\n" not in path
