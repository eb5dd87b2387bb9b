"""The transforms of a decoded image: torchvision's for PIL images, to the bit, without importing it.

PIL is imported when an image is resized: training from packed images does not need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config.data import TransformConfig

if TYPE_CHECKING:
    from PIL import Image


def test_crop(image: Image.Image, transform: TransformConfig) -> Image.Image:
    """Return the image that testing uses, size x size: Resize and CenterCrop, or one Resize to a square."""
    size = transform.size
    if transform.aspect == "squeeze":
        return _resize(image, size, size)
    image = _resize(image, *resized(*image.size, transform.resize))
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return image.crop((left, top, left + size, top + size))


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


def _resize(image: Image.Image, width: int, height: int) -> Image.Image:
    from PIL.Image import Resampling

    return image.resize((width, height), Resampling.BILINEAR)
