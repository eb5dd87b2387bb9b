from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from prepared import config
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import read_index


def test_digits(tmp_path: Path) -> None:
    index = read_index(build_index(config("digits"), tmp_path, Path(), workers=1))
    assert len(index) == 1797 and set(index.labels) == set(range(10))
    assert index.classes[0] == "0" and (index.widths[0], index.heights[0]) == (8, 8)
    from sklearn.datasets import load_digits

    digits = load_digits()
    position = int(np.flatnonzero(digits.target == 7)[0])
    pixels = np.asarray(Image.open(tmp_path / "digits" / "images" / "7" / f"{position:04d}.png"))
    np.testing.assert_allclose(pixels[..., 0] / 255, digits.images[position] / 16, atol=0.5 / 255)


def test_digits_are_counted_before_they_exist() -> None:
    settings = config("digits")
    assert settings.record.count(settings.options) == 1797
