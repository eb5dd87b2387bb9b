"""The transforms of a decoded image: torchvision's for PIL images, to the bit, without importing it.

PIL is imported when an image is resized: training from packed images does not need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config.data import TransformConfig

if TYPE_CHECKING:
    from PIL import Image

LARGEST = 2**26  # pixels of a resized image; a strip of 20,000 x 1 pixels would fill gigabytes


def test_crop(image: Image.Image, transform: TransformConfig) -> Image.Image:
    """Return the image that testing uses, size x size: Resize and CenterCrop, or one Resize to a square.

    Of an image whose Resize exceeds `LARGEST` only the crop is resized, which rounds some pixels to the next level.
    """
    size = transform.size
    if transform.aspect == "squeeze":
        return _resize(image, size, size)
    width, height = resized(*image.size, transform.resize)
    left, top = round((width - size) / 2), round((height - size) / 2)
    if width * height > LARGEST:
        across, down = image.width / width, image.height / height
        box = (left * across, top * down, (left + size) * across, (top + size) * down)
        return _resize(image, size, size, box)
    return _resize(image, width, height).crop((left, top, left + size, top + size))


def stored_image(image: Image.Image, side: int) -> Image.Image:
    """Return the image that training crops are cut from, its short side at most `side`."""
    return _resize(image, *stored_size(*image.size, side))


def resized_crop(image: Image.Image, box: tuple[int, int, int, int], size: int) -> Image.Image:
    """Return the crop (top, left, height, width) of an image at its full size, resized to size x size."""
    top, left, height, width = box
    return _resize(image.crop((left, top, left + width, top + height)), size, size)


def resized(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height after Resize(side): the short side becomes `side`, the long one is rounded down."""
    if width <= height:
        return side, int(side * height / width)
    return int(side * width / height), side


def stored_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height of a stored training image: those of Resize(side), but a small image stays as it is."""
    return resized(width, height, side) if side < min(width, height) else (width, height)


def _resize(
    image: Image.Image, width: int, height: int, box: tuple[float, float, float, float] | None = None
) -> Image.Image:
    from PIL.Image import Resampling

    return image.resize((width, height), Resampling.BILINEAR, box)
