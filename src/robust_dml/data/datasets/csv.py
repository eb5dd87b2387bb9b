"""The user's own images, listed in a CSV file with the columns of open-metric-learning.

`{kind: csv, csv: /photos/shoes.csv}` in a study. Queries, gallery and distractors may be other images; `sequence` and
`camera` say which gallery items are ignored for a query.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from robust_dml.data.index.listing import Listed
from robust_dml.records import DatasetKind
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.options import Options
from robust_dml.runtime.progress import say

REQUIRED = ("label", "path", "split", "is_query", "is_gallery")
BOXES = ("x_1", "x_2", "y_1", "y_2")
SIDES = {"train": True, "validation": False, "test": False}
YES, NO = ("true", "1", "1.0"), ("", "false", "0", "0.0", "nan", "none")

Row = Mapping[str, str]


class CsvOptions(Options):
    """Where the list and the images lie."""

    csv: Path = Field(description="a line per image; docs/datasets.md has the columns")
    folder: Path = Field(Path(), description="the paths of the list start here; the list's own folder if absent")

    @model_validator(mode="before")
    @classmethod
    def _beside_the_list(cls, data: Any) -> Any:
        given = isinstance(data, Mapping) and isinstance(data.get("csv"), str | Path) and "folder" not in data
        return {**data, "folder": Path(data["csv"]).parent} if given else data


def list_csv(file: Path) -> list[Listed]:
    """List the images of a CSV file; `listed` is the split of its column `split`.

    Classes count in the order of their labels, numbers by their value. Raises UserError that names the line, or if a
    query has no other image of its class in the gallery.
    """
    rows = _rows(file)
    _say_ignored_boxes(file, rows)
    names = _in_order({row["label"] for row in rows})
    number = {name: place for place, name in enumerate(names)}
    listed = [_listed(f"{file}, line {line}", row, number) for line, row in enumerate(rows, 2)]
    _require_something_to_find(file, listed)
    return listed


def _rows(file: Path) -> list[Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                found = ", ".join(reader.fieldnames or ()) or "none"
                raise UserError(f"{file}: no column {', '.join(missing)}; it has {found}; see docs/datasets.md")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{file}: cannot be read as a CSV file in UTF-8: {error}") from error


def _listed(place: str, row: Row, number: Mapping[str, int]) -> Listed:
    label, path = row["label"], row["path"]
    if not label or not path:
        raise UserError(f"{place}: expected a label and a path, found {label or 'no label'} and {path or 'no path'}")
    if row["split"] not in SIDES:
        raise UserError(f"{place}: split must be train or validation, found {row['split'] or 'nothing'}")
    training = SIDES[row["split"]]
    roles = frozenset(role for role in ("query", "gallery") if _flag(place, row, f"is_{role}"))
    if training == bool(roles):
        expected = "neither query nor gallery" if training else "a query, in the gallery, or both"
        raise UserError(f"{place}: an image of split {row['split']} must be {expected}; see is_query and is_gallery")
    return Listed(path, number[label], label, {"listed": training}, roles, _groups(row))


def _groups(row: Row) -> dict[str, str]:
    """Return the groups whose members ignore each other: a sequence, and the images of one class by one camera."""
    groups = {}
    if "sequence" in row:
        groups["sequence"] = row["sequence"]
    if "camera" in row:
        groups["camera"] = f"{row['label']} {row['camera']}" if row["camera"] else ""
    return groups


def _flag(place: str, row: Row, column: str) -> bool:
    value = row[column].strip().lower()
    if value not in YES + NO:
        raise UserError(f"{place}: {column} must be True or False, found {row[column]}")
    return value in YES


def _in_order(labels: set[str]) -> list[str]:
    """Return labels sorted by value if all are whole numbers, else by code point."""
    numbers = all(label.isascii() and label.removeprefix("-").isdigit() for label in labels)
    return sorted(labels, key=lambda label: (int(label), label)) if numbers else sorted(labels)


def _say_ignored_boxes(file: Path, rows: Sequence[Row]) -> None:
    boxed = sum(any(row.get(column) for column in BOXES) for row in rows)
    if boxed:
        say(f"{file}: the boxes of {boxed} images ({', '.join(BOXES)}) are ignored: whole images are used")


def _require_something_to_find(file: Path, listed: Sequence[Listed]) -> None:
    """Raise UserError without queries or gallery, or for a query whose class has no other image in the gallery."""
    queries = [image for image in listed if image.roles and "query" in image.roles]
    gallery = [image for image in listed if image.roles and "gallery" in image.roles]
    for role, images in (("query", queries), ("gallery", gallery)):
        if not images:
            raise UserError(f"{file}: no line has is_{role}; recall needs queries and a gallery")
    _require_positives(file, queries, gallery)


def _require_positives(file: Path, queries: Sequence[Listed], gallery: Sequence[Listed]) -> None:
    by_label: dict[int, list[Listed]] = defaultdict(list)
    for image in gallery:
        by_label[image.label].append(image)
    lost = [image for image in queries if all(other.path == image.path for other in by_label[image.label])]
    if lost:
        raise UserError(
            f"{file}: {len(lost)} of {len(queries)} queries have no other image of their class in the gallery, such as"
            f" {lost[0].path} of class {lost[0].class_name}; add one, or clear is_query there"
        )
    ignored = [image for image in queries if not _has_positive(image, by_label[image.label])]
    if ignored:
        say(
            f"{file}: {len(ignored)} of {len(queries)} queries have only positives of their own sequence or camera,"
            f" such as {ignored[0].path}; they are not scored"
        )


def _has_positive(query: Listed, same_class: Sequence[Listed]) -> bool:
    own = {pair for pair in query.groups.items() if pair[1]}
    return any(image.path != query.path and own.isdisjoint(image.groups.items()) for image in same_class)


@cache  # a plan asks once per model
def count_rows(options: CsvOptions) -> int | None:
    """Return the number of images in the list; None if it cannot be read."""
    try:
        return len(_rows(options.csv))
    except UserError:
        return None


ENTRY = DatasetKind(
    label="Own images",
    summary="images of your own, listed in a CSV file with queries and gallery",
    options=CsvOptions,
    origin="own",
    list=list_csv,
    listing=lambda options: options.csv,
    splits=("listed",),
    roles=True,
    count=count_rows,
)
