"""What becomes of a decoded image: torchvision's transforms for PIL images, to the bit, without importing it."""

from __future__ import annotations

from PIL import Image

from robust_dml.config.data import TransformConfig
from robust_dml.data.store.sizes import resized, stored_size

BILINEAR = Image.Resampling.BILINEAR


def test_crop(image: Image.Image, transform: TransformConfig) -> Image.Image:
    """The image that testing sees, size x size: Resize and CenterCrop, or one Resize to a square."""
    size = transform.size
    if transform.aspect == "squeeze":
        return image.resize((size, size), BILINEAR)
    image = image.resize(resized(*image.size, transform.resize), BILINEAR)
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def stored_image(image: Image.Image, side: int) -> Image.Image:
    """The image that training crops are cut from, its short side at most `side`."""
    return image.resize(stored_size(*image.size, side), BILINEAR)


def resized_crop(image: Image.Image, box: tuple[int, int, int, int], size: int) -> Image.Image:
    """The training crop (top, left, height, width) of an image at its full size, resized to size x size."""
    top, left, height, width = box
    return image.crop((left, top, left + width, top + height)).resize((size, size), BILINEAR)
