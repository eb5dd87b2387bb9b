"""The user's own images: a folder with one sub-folder per class.

`{kind: folder, folder: /photos/shoes}` in a study.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from robust_dml.data.index.listing import list_class_folders
from robust_dml.records import DatasetKind
from robust_dml.runtime.options import Options


class FolderOptions(Options):
    """Where the images lie."""

    folder: Path = Field(description="one sub-folder of images per class")


@cache  # a plan asks once per model
def count_images(options: FolderOptions) -> int | None:
    """Return the number of images in the folder; None if there is no folder."""
    return len(list_class_folders(options.folder)) if options.folder.is_dir() else None


ENTRY = DatasetKind(
    label="Own images",
    summary="a folder of your own, with one sub-folder per class",
    options=FolderOptions,
    origin="own",
    list=list_class_folders,
    count=count_images,
)
