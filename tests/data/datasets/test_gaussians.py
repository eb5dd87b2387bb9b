from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from prepared import config
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import read_index


def test_gaussians(tmp_path: Path) -> None:
    settings = config("gaussians", images_per_class=8, pixels=64, split="samples-1")
    path = build_index(settings, tmp_path, Path(), workers=1)
    index = read_index(path)
    assert index.labels.tolist() == [0] * 8 + [1] * 8
    for name, mean in (("a", 0.25), ("b", 0.75)):
        files = sorted((path.parent / "images" / name).iterdir())
        pixels = np.stack([np.asarray(Image.open(file)) for file in files]) / 255
        assert abs(pixels.mean() - mean) < 1e-3 and abs(pixels.std() - 0.025) < 1e-3
        assert abs(np.corrcoef(pixels[0].ravel(), pixels[1].ravel())[0, 1]) < 0.05


def test_gaussians_are_counted_before_they_exist() -> None:
    settings = config("gaussians", images_per_class=8)
    assert settings.record.count(settings.options) == 16
