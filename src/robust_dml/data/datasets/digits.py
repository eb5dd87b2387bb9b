"""Handwritten digits: the 1,797 images of 8 x 8 pixels that scikit-learn carries (UCI, Alpaydin and Kaynak, 1998)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

LEVELS = 16  # a pixel counts the dark points in a block of 4 x 4


def write_digits(images: Path) -> None:
    """Write one PNG per image into images/<digit>/, in scikit-learn's order."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        file = images / str(digit) / f"{number:04d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(pixels * (255 / LEVELS)).astype(np.uint8)).convert("RGB").save(file)
