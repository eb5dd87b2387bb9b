from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from miniatures import write_class_folders
from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data.index.build import build_index
from robust_dml.data.paths import store_folder
from robust_dml.data.store.build import build_store
from robust_dml.data.verify import verify
from robust_dml.runtime.errors import UserError


@pytest.fixture
def config(tmp_path: Path) -> DatasetConfig:
    write_class_folders(tmp_path / "own", classes=2, images=4)
    transform = TransformConfig(size=16, resize=20, train_side=24)
    config = DatasetConfig(kind="folder", folder=tmp_path / "own", transform=transform, backbone="any")
    build_index(config, tmp_path, Path(), workers=1)
    return config


def test_what_is_in_order_is_said_in_a_line(config: DatasetConfig, tmp_path: Path) -> None:
    assert verify(config, tmp_path, workers=1).endswith("8 images of 2 classes as indexed")
    build_store(config, tmp_path, workers=1)
    assert verify(config, tmp_path, workers=1).endswith("8 images of 2 classes as indexed, and as packed")


def test_changed_pixel_is_found(config: DatasetConfig, tmp_path: Path) -> None:
    file = tmp_path / "own" / "class-1" / "2.jpg"
    pixels = np.array(Image.open(file))
    pixels[0, 0] ^= 255
    Image.fromarray(pixels).save(file)
    with pytest.raises(UserError, match=r"1 of 8 .*class-1/2\.jpg: its pixels are not those of the index"):
        verify(config, tmp_path, workers=1)


def test_all_damaged_images_are_named(
    config: DatasetConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted((tmp_path / "own").rglob("*.jpg"))
    for file in files:
        file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(UserError, match="8 of 8 images cannot be used") as raised:
        verify(config, tmp_path, workers=1)
    told = str(raised.value) + capsys.readouterr().err
    assert all(str(file) in told for file in files)


@pytest.mark.parametrize(("name", "row"), [("test.uint8", 16 * 16 * 3), ("train.uint8", 24 * 32 * 3)])
def test_changed_byte_of_the_store_is_found(config: DatasetConfig, tmp_path: Path, name: str, row: int) -> None:
    file = build_store(config, tmp_path, workers=1) / name
    assert file.stat().st_size == 8 * row
    content = bytearray(file.read_bytes())
    content[5 * row] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=rf"1 of 8 .*{name}: image 5 is not what .*class-1/1\.jpg packs to"):
        verify(config, tmp_path, workers=1)


def test_new_and_lost_images_are_counted(config: DatasetConfig, tmp_path: Path) -> None:
    own = tmp_path / "own" / "class-0"
    (own / "9.jpg").write_bytes((own / "0.jpg").read_bytes())
    (own / "1.jpg").unlink()
    with pytest.raises(UserError, match=r"1 images gone and 1 new, such as class-0/1\.jpg"):
        verify(config, tmp_path, workers=1)
    assert not store_folder(config, tmp_path).exists()


def test_images_on_both_sides_of_the_split_are_counted(tmp_path: Path) -> None:
    own = write_class_folders(tmp_path / "own", classes=2, images=4)
    for number in (1, 3):
        (own / "class-1" / f"{number}.jpg").write_bytes((own / "class-0" / f"{number}.jpg").read_bytes())
    (own / "class-0" / "again.jpg").write_bytes((own / "class-0" / "0.jpg").read_bytes())  # twice on one side
    config = DatasetConfig(kind="folder", folder=own, backbone="any")
    build_index(config, tmp_path, Path(), workers=1)
    found = "; 2 test images are also training images (split sorted), such as class-0/1.jpg = class-1/1.jpg"
    assert verify(config, tmp_path, workers=1).endswith(f"9 images of 2 classes as indexed{found}")
