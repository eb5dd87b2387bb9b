from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from miniatures import photograph
from robust_dml.data import decode as module
from robust_dml.data.decode import checksum, decode
from robust_dml.runtime.errors import UserError


def saved(tmp_path: Path, image: Image.Image, format: str) -> Path:
    file = tmp_path / f"image.{format.lower()}"
    image.save(file, format)
    return file


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        ("L", "PNG"),
        ("L", "JPEG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("CMYK", "JPEG"),
        ("RGBA", "PNG"),
        ("LA", "PNG"),
        ("1", "PNG"),
    ],
)
def test_every_mode_becomes_rgb_as_in_torchvision(tmp_path: Path, mode: str, format: str) -> None:
    from torchvision.datasets.folder import default_loader

    colours = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))
    file = saved(tmp_path, colours.convert(mode), format)
    image = decode(file)
    assert image.mode == "RGB" and image.size == (7, 9)
    np.testing.assert_array_equal(np.asarray(image), np.asarray(default_loader(file)))


def test_sixteen_bits_keep_their_upper_eight(tmp_path: Path) -> None:
    values = np.array([[0, 255, 256], [32768, 65280, 65535]], dtype=np.uint16)
    image = decode(saved(tmp_path, Image.fromarray(values), "PNG"))
    assert np.asarray(image)[..., 1].tolist() == [[0, 0, 1], [128, 255, 255]]


def test_grey_map_of_sixteen_bits_keeps_its_upper_eight(tmp_path: Path) -> None:
    (tmp_path / "grey.pgm").write_bytes(b"P5 3 1 65535\n" + np.array([0, 32768, 65535], dtype=">u2").tobytes())
    assert np.asarray(decode(tmp_path / "grey.pgm"))[..., 1].tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(("kind", "said"), [(np.int32, "32-bit integers"), (np.float32, "32-bit floats")])
def test_pixels_without_a_range_are_refused(tmp_path: Path, kind: type, said: str) -> None:
    file = saved(tmp_path, Image.fromarray(np.full((4, 4), 40_000, dtype=kind)), "TIFF")
    with pytest.raises(UserError, match=rf"image\.tiff: expected pixels of 8 or 16 bits, found {said}; scale them"):
        decode(file)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.95])
def test_truncated_image_is_named(tmp_path: Path, format: str, kept: float) -> None:
    content = photograph(0, 200, 100, format)
    (tmp_path / "bird.img").write_bytes(content[: int(kept * len(content))])
    with pytest.raises(UserError, match=r"bird\.img: not a readable image: \S"):
        decode(tmp_path / "bird.img")


def test_corrupt_png_is_named(tmp_path: Path) -> None:
    content = bytearray(photograph(0, 50, 50, "PNG"))
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "bird.png").write_bytes(content)
    with pytest.raises(UserError, match=r"bird\.png: not a readable image"):
        decode(tmp_path / "bird.png")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"bird\.png: not a readable image: .*No such file"):
        decode(tmp_path / "bird.png")


def test_too_large_an_image_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PIXELS", 99)
    with pytest.raises(UserError, match=r"image\.png: 10 x 10 pixels are too many; at most 99"):
        decode(saved(tmp_path, Image.new("RGB", (10, 10)), "PNG"))


def test_pixel_bomb_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path, Image.new("1", (20_000, 20_000)), "PNG")
    assert file.stat().st_size < 200_000
    with pytest.raises(UserError, match=r"image\.png: .*(too many|exceeds limit)"):
        decode(file)


def test_checksum_is_that_of_the_pixels(tmp_path: Path) -> None:
    image = Image.open(saved(tmp_path, Image.new("RGB", (4, 4), (1, 2, 3)), "PNG"))
    assert checksum(decode(saved(tmp_path, image, "BMP"))) == checksum(image)
    image.putpixel((0, 0), (1, 2, 4))
    assert checksum(decode(saved(tmp_path, image, "PNG"))) != checksum(Image.new("RGB", (4, 4), (1, 2, 3)))
