"""index.csv: one line per image, sorted by label and path; its row number is the image id."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robust_dml.config.data import NO_SPLIT
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import replacing

COLUMNS = ("id", "path", "label", "class", "width", "height", "crc32")
ROLES = ("query", "gallery")
GROUP = "ignore:"  # before the name of a group in the head of its column


@dataclass(frozen=True)
class Index:
    """The images of a dataset, position = image id; checksums are CRC-32 of the decoded RGB pixels.

    A column of roles or of groups is in the file only if the dataset has it.
    """

    paths: list[str]
    labels: NDArray[np.int64]
    classes: list[str]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    checksums: NDArray[np.int64]
    splits: dict[str, NDArray[np.bool_]]  # True: training
    roles: dict[str, NDArray[np.bool_]] = field(default_factory=dict)  # query and gallery, in the dataset's own splits
    groups: dict[str, NDArray[np.int64]] = field(default_factory=dict)  # images with one number ignore each other

    def __len__(self) -> int:
        return len(self.paths)

    def training(self, split: str) -> NDArray[np.bool_]:
        """Return which images train (N,) in a split, which may be "none". Raises KeyError for an unknown split."""
        return np.zeros(len(self), dtype=bool) if split == NO_SPLIT else self.splits[split]


def write_index(path: Path, index: Index) -> None:
    """Write the index, atomically; the bytes are a function of its content."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*COLUMNS, *index.roles, *(f"{GROUP}{name}" for name in index.groups), *index.splits])
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
        splits={name: np.array(values) == "train" for name, values in columns.items() if _is_split(name)},
        roles={name: np.array(columns[name]) == "1" for name in ROLES if name in columns},
        groups={
            name.removeprefix(GROUP): np.array(values, dtype=np.int64)
            for name, values in columns.items()
            if name.startswith(GROUP)
        },
    )


def _is_split(name: str) -> bool:
    return name not in (*COLUMNS, *ROLES) and not name.startswith(GROUP)


def _rows(index: Index) -> Iterator[list[object]]:
    splits = list(index.splits.values())
    for i, path in enumerate(index.paths):
        image = [i, path, index.labels[i], index.classes[i], index.widths[i], index.heights[i], index.checksums[i]]
        roles = [int(role[i]) for role in index.roles.values()]
        groups = [group[i] for group in index.groups.values()]
        yield [*image, *roles, *groups, *("train" if split[i] else "test" for split in splits)]
