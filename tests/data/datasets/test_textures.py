from __future__ import annotations

from pathlib import Path

import numpy as np

from prepared import config
from robust_dml.data.datasets.textures import texture
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import read_index


def test_textures(tmp_path: Path) -> None:
    settings = config("textures", classes=6, images=20, pixels=32)
    path = build_index(settings, tmp_path, Path(), workers=1)
    index = read_index(path)
    assert np.bincount(index.labels).tolist() == [4, 4, 3, 3, 3, 3]
    assert len(set(index.checksums.tolist())) == 20
    again = build_index(settings, tmp_path / "again", Path(), workers=1)
    assert again.read_bytes() == path.read_bytes()


def test_textures_of_a_class_look_alike(tmp_path: Path) -> None:

    def spectrum(label: int, number: int) -> np.ndarray:
        return np.abs(np.fft.fft2(texture(label, number, 64).mean(axis=2)))[:12, :12].ravel()[1:]

    same = [np.corrcoef(spectrum(label, 0), spectrum(label, 1))[0, 1] for label in range(0, 200, 10)]
    other = [np.corrcoef(spectrum(label, 0), spectrum(label + 10, 1))[0, 1] for label in range(0, 200, 10)]
    assert np.mean(same) > np.mean(other) + 0.1


def test_textures_are_counted_before_they_exist() -> None:
    settings = config("textures", classes=6, images_per_class=3)
    assert settings.record.count(settings.options) == 18
