"""The user's own images: a folder with one sub-folder per class.

`{kind: folder, folder: /photos/shoes}` in a study.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.data.index.listing import list_class_folders
from robust_dml.records import DatasetKind
from robust_dml.runtime.options import Options

if TYPE_CHECKING:
    from robust_dml.config.data import DatasetConfig


class FolderOptions(Options):
    """Where the images lie."""

    folder: Path = Field(description="one sub-folder of images per class")


def count_images(config: DatasetConfig) -> int | None:
    """Return the number of images in the folder; None if there is no folder."""
    folder = config.own_folder
    return _count(folder) if folder is not None and folder.is_dir() else None


@cache  # a plan asks once per model
def _count(folder: Path) -> int:
    return len(list_class_folders(folder))


ENTRY = DatasetKind(
    label="Own images",
    summary="a folder of your own, with one sub-folder per class",
    options=FolderOptions,
    origin="own",
    list=list_class_folders,
    count=count_images,
)
