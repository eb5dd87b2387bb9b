"""In-Shop Clothes Retrieval (DeepFashion): list_eval_partition.txt says which images train, ask and are found.

Source: Z. Liu et al., "DeepFashion: Powering Robust Clothes Recognition and Retrieval with Rich Annotations",
CVPR 2016, section 5.2.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from robust_dml.data.index.listing import Listed
from robust_dml.records import DatasetKind

LIST = "list_eval_partition.txt"
STATUSES = {"train": frozenset[str](), "query": frozenset({"query"}), "gallery": frozenset({"gallery"})}


class _Row(NamedTuple):
    path: str  # such as img/WOMEN/Dresses/id_00000002/02_1_front.jpg
    item: str  # such as id_00000002
    status: str


def list_in_shop(images: Path) -> list[Listed]:
    """List the images, one class per item; `official` trains on `train` and compares `query` with `gallery`."""
    rows = _rows(_list_below(images))
    labels = {item: label for label, item in enumerate(sorted({row.item for row in rows}))}
    return [
        Listed(row.path, labels[row.item], row.item, {"official": row.status == "train"}, STATUSES[row.status])
        for row in rows
    ]


def _list_below(images: Path) -> Path:
    """Return the list: beside the folder `img` or, as the archive of the authors has it, in `Eval`."""
    beside = images / LIST
    return beside if beside.exists() else images / "Eval" / LIST


def _rows(file: Path) -> list[_Row]:
    """Read the list, whose first line is the number of images and whose second line names the columns."""
    count, _, *lines = file.read_text(encoding="utf-8").splitlines()
    rows = [_Row(path, item, status) for path, item, status in (line.split() for line in lines if line.strip())]
    if len(rows) != int(count):
        raise ValueError(f"{file.name}: its first line says {count} images, found {len(rows)}")
    return rows


ENTRY = DatasetKind(
    label="In-Shop",
    summary="52,712 photographs of 7,982 items of clothing, with queries and gallery (DeepFashion)",
    origin="archives",
    list=list_in_shop,
    splits=("official",),
    roles=True,
)
