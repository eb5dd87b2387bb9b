"""The images of a dataset by its own lists, or by one sub-folder per class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from robust_dml.config.data import DatasetConfig
from robust_dml.data.datasets.cars196 import list_cars196
from robust_dml.data.datasets.cub200 import list_cub200
from robust_dml.data.datasets.sop import list_sop
from robust_dml.data.datasets.visualphish import list_visualphish
from robust_dml.data.decode import EXTENSIONS
from robust_dml.data.index.listing import Listed, list_class_folders
from robust_dml.runtime.errors import UserError

READERS: dict[str, Callable[[Path], list[Listed]]] = {
    "cub200": list_cub200,
    "cars196": list_cars196,
    "sop": list_sop,
    "visualphish": list_visualphish,
}


def list_images(config: DatasetConfig, images: Path) -> list[Listed]:
    """Every image below the folder `images`, sorted by label and path. Raises UserError if the layout is another."""
    reader = READERS.get(config.kind, partial(list_class_folders, extensions=EXTENSIONS))
    try:
        listed = reader(images)
    except (OSError, ValueError, LookupError, StopIteration) as error:
        reason = f"{type(error).__name__} {error}"
        raise UserError(f"{images}: not laid out as {config.kind} is: {reason}; see docs/datasets.md") from error
    if len({image.label for image in listed}) < 2:
        raise UserError(f"{images}: images of at least two classes are needed; see docs/datasets.md")
    return sorted(listed, key=lambda image: (image.label, image.path))
