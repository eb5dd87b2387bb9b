"""Handwritten digits: the 1,797 images of 8 x 8 pixels of scikit-learn (UCI, Alpaydin and Kaynak, 1998)."""

from __future__ import annotations

from pathlib import Path

from robust_dml.data.index.listing import list_class_folders
from robust_dml.records import DatasetKind
from robust_dml.runtime.options import Options

IMAGES = 1797
LEVELS = 16  # a pixel counts the dark points in a block of 4 x 4


def write_digits(images: Path, options: Options, workers: int) -> None:
    """Write one PNG per image into images/<digit>/, in the order of scikit-learn."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        file = images / str(digit) / f"{number:04d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(pixels * (255 / LEVELS)).astype(np.uint8)).convert("RGB").save(file)


ENTRY = DatasetKind(
    label="Digits",
    summary="1,797 handwritten digits of 8 x 8 pixels, which scikit-learn carries",
    origin="generated",
    list=list_class_folders,
    generate=write_digits,
    count=lambda options: IMAGES,
    small=True,
)
