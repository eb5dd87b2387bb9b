"""CUB-200-2011: images.txt, image_class_labels.txt and classes.txt, as its archive lays them out."""

from __future__ import annotations

from pathlib import Path

from robust_dml.data.index.listing import Listed
from robust_dml.records import DatasetKind

FOLDER = "CUB_200_2011"


def list_cub200(images: Path) -> list[Listed]:
    """List the images; classes count in the order of classes.txt: the paper's sorted split trains on the first 100."""
    folder = images / FOLDER
    classes, labels = _pairs(folder / "classes.txt"), _pairs(folder / "image_class_labels.txt")
    return [
        Listed(f"{FOLDER}/images/{path}", int(labels[number]) - 1, classes[labels[number]])
        for number, path in _pairs(folder / "images.txt").items()
    ]


def _pairs(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return {key: value.strip() for key, value in (line.split(maxsplit=1) for line in lines if line.strip())}


ENTRY = DatasetKind(
    label="CUB200-2011",
    summary="11,788 photographs of 200 species of birds",
    origin="archives",
    list=list_cub200,
)
