"""CARS196 in two layouts: the original (car_ims, cars_annos.mat) and the mirror's (class folders and CSV files).

The layouts number the images differently, so `arrange_cars196` renames them by class and content: both layouts give
the same files, and so the same index.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from robust_dml.data.index.listing import Listed
from robust_dml.records import DatasetKind

ANNOTATIONS = "cars_annos.mat"
CLASSES = "classes.txt"


class _Car(NamedTuple):
    file: Path
    number: int  # of its class, from 1, in the order of the annotations


def arrange_cars196(folder: Path) -> None:
    """Rename the images of either layout to <class number>/<rank by SHA-256>.jpg, and write classes.txt."""
    cars, names = _original(folder) if (folder / ANNOTATIONS).exists() else _by_class(folder)
    by_class = defaultdict(list)
    for car in cars:
        by_class[car.number].append(car.file)
    unpacked = [path for path in folder.iterdir() if path.is_dir()]
    arranged = folder / "arranged"
    for number, files in by_class.items():
        (arranged / f"{number:03d}").mkdir(parents=True)
        for rank, file in enumerate(sorted(files, key=_content)):
            file.replace(arranged / f"{number:03d}" / f"{rank:04d}.jpg")
    for path in unpacked:
        shutil.rmtree(path)
    for path in arranged.iterdir():
        path.replace(folder / path.name)
    arranged.rmdir()
    (folder / CLASSES).write_text("\n".join(names) + "\n", encoding="utf-8")


def list_cars196(images: Path) -> list[Listed]:
    """List the images; classes count in the order of the annotations: the sorted split trains on the first 98."""
    names = (images / CLASSES).read_text(encoding="utf-8").splitlines()
    return [
        Listed(file.relative_to(images).as_posix(), label, name)
        for label, name in enumerate(names)
        for file in sorted((images / f"{label + 1:03d}").glob("*.jpg"))
    ]


def _original(folder: Path) -> tuple[list[_Car], list[str]]:
    from scipy.io import loadmat

    content = loadmat(folder / ANNOTATIONS, squeeze_me=True)
    rows = zip(content["annotations"]["relative_im_path"], content["annotations"]["class"], strict=True)
    return [_Car(folder / str(path), int(number)) for path, number in rows], [str(n) for n in content["class_names"]]


def _by_class(folder: Path) -> tuple[list[_Car], list[str]]:
    root = next(folder.rglob("names.csv")).parent
    names = [",".join(row).strip() for row in _rows(root / "names.csv")]
    cars = []
    for side in ("train", "test"):
        images = next(path for path in (root / "car_data/car_data" / side, root / "car_data" / side) if path.is_dir())
        for row in _rows(root / f"anno_{side}.csv"):
            number = int(row[-1])
            cars.append(_Car(images / names[number - 1].replace("/", "-") / row[0], number))
    return cars, names


def _rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.reader(stream) if row]


def _content(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


ENTRY = DatasetKind(
    label="CARS196",
    summary="16,185 photographs of 196 models of cars",
    origin="archives",
    list=list_cars196,
    arrange=arrange_cars196,
)
