"""index.csv: one line per image, sorted by label and path; its row number is the image id."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robust_dml.config.data import NO_SPLIT
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import replacing

COLUMNS = ("id", "path", "label", "class", "width", "height", "crc32")


@dataclass(frozen=True)
class Index:
    """The images of a dataset, position = image id; checksums are CRC-32 of the decoded RGB pixels."""

    paths: list[str]
    labels: NDArray[np.int64]
    classes: list[str]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    checksums: NDArray[np.int64]
    splits: dict[str, NDArray[np.bool_]]  # True: training

    def __len__(self) -> int:
        return len(self.paths)

    def training(self, split: str) -> NDArray[np.bool_]:
        """Return which images train (N,) in a split, which may be "none". Raises KeyError for an unknown split."""
        return np.zeros(len(self), dtype=bool) if split == NO_SPLIT else self.splits[split]


def write_index(path: Path, index: Index) -> None:
    """Write the index, atomically; the bytes are a function of its content."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*COLUMNS, *index.splits])
        writer.writerows(_rows(index))


def read_index(path: Path) -> Index:
    """Read an index. Raises UserError if it is absent or not an index."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            columns = {name: values for name, *values in zip(*csv.reader(stream, strict=True), strict=True)}
        return _index(columns)
    except FileNotFoundError as error:
        raise UserError(f"{path}: not there; run `robust-dml index` or `snakemake data`") from error
    except (csv.Error, KeyError, ValueError) as error:
        raise UserError(f"{path}: not an index ({error}); delete it and run `robust-dml index`") from error


def _index(columns: dict[str, list[str]]) -> Index:
    integers = {name: np.array(columns[name], dtype=np.int64) for name in ("label", "width", "height", "crc32")}
    return Index(
        paths=columns["path"],
        labels=integers["label"],
        classes=columns["class"],
        widths=integers["width"],
        heights=integers["height"],
        checksums=integers["crc32"],
        splits={name: np.array(values) == "train" for name, values in columns.items() if name not in COLUMNS},
    )


def _rows(index: Index) -> Iterator[list[object]]:
    splits = list(index.splits.values())
    for i, path in enumerate(index.paths):
        image = [i, path, index.labels[i], index.classes[i], index.widths[i], index.heights[i], index.checksums[i]]
        yield image + ["train" if split[i] else "test" for split in splits]
