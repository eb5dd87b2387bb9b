"""From a file to RGB pixels, as torchvision's ImageFolder does it; a damaged or oversized file is refused."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import say

MAX_PIXELS = 2**26  # the largest photograph of CARS196 has 42 million
NAMED = 5  # damaged images in the one line of an error


def decode(path: Path) -> Image.Image:
    """Read an image file as RGB: grey and palette are expanded, CMYK is converted, alpha is dropped.

    The orientation tag of a photograph is ignored, as by the released code. Raises UserError that names the file
    if it is missing, damaged, truncated, has more than `MAX_PIXELS`, or pixels without a fixed range (mode I or F).
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise UserError(f"{path}: not a readable image: not a regular file")
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UserError(f"{path}: {image.width} x {image.height} pixels are too many; at most {MAX_PIXELS}")
            image.load()
            return _eight_bits(path, image).convert("RGB")
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        raise UserError(f"{path}: not a readable image: {' '.join(str(error).split())}") from error


def checksum(image: Image.Image) -> int:
    """Compute the CRC-32 of the pixels of an image; the file format does not matter."""
    return zlib.crc32(image.tobytes())


def raise_if_damaged(mistakes: list[str], total: int) -> None:
    """Raise UserError if there are mistakes: it names the first ones; the others are printed before it."""
    for mistake in mistakes[NAMED:]:
        say(mistake)
    if mistakes:
        raise UserError(f"{len(mistakes)} of {total} images cannot be used: {'; '.join(mistakes[:NAMED])}")


def _eight_bits(path: Path, image: Image.Image) -> Image.Image:
    """Return an image of 16 bits per pixel with its upper 8 bits; PIL would clip it to white."""
    sixteen = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
    if sixteen:
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        kind = {"I": "32-bit integers", "F": "32-bit floats"}[image.mode]
        raise UserError(f"{path}: expected pixels of 8 or 16 bits, found {kind}; scale them to 0..255 and save as PNG")
    return image
