"""Cropping and resizing of whole batches, uint8 in and out, bilinear with anti-aliasing."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from robust_dml.data.store.packed import Bytes

PRECISION = 15  # sums of 15-bit weights times 8-bit pixels are exact in float32, whatever the order
Floats = NDArray[np.float32]


def crop_and_resize(image: Bytes, box: NDArray[np.int64], size: int) -> Bytes:
    """Crop an image, uint8 (H, W, 3), to (top, left, height, width) and resize it: uint8 (size, size, 3)."""
    top, left, height, width = (int(value) for value in box)
    crop = torch.from_numpy(image[top : top + height, left : left + width]).permute(2, 0, 1)[None]
    # Channels last in memory, before and so after: the kernel is then twice as fast, and the copy into a batch free.
    crop = crop.contiguous(memory_format=torch.channels_last)
    resized = interpolate(crop, size=(size, size), mode="bilinear", antialias=True)[0]
    channels_last: Bytes = resized.permute(1, 2, 0).numpy()
    return channels_last


def crop_and_resize_all(images: Bytes, boxes: NDArray[np.int64], flips: NDArray[np.bool_], size: int) -> Bytes:
    """Crop and resize small images of one size, uint8 (B, H, W, 3) to uint8 (B, size, size, 3), mirrored by `flips`.

    Two products with matrices of bilinear weights, rows then columns, rounded after each as PIL does: for tiny
    images this takes one call per batch instead of one per image.
    """
    top, left, height, width = boxes.T
    across = _weights(left, width, images.shape[2], size)
    across[flips] = across[flips, ::-1]
    down = _weights(top, height, images.shape[1], size)
    rows = _rounded(across[:, None] @ images.astype(np.float32))
    batch, tall = rows.shape[:2]
    columns = _rounded(down @ rows.reshape(batch, tall, -1))
    return columns.reshape(batch, size, size, -1).astype(np.uint8)


def _weights(start: NDArray[np.int64], length: NDArray[np.int64], side: int, size: int) -> Floats:
    """Return whole-number weights (B, size, side) of a triangle filter over the pixels start ... start + length - 1."""
    scale = (length / size)[:, None, None]
    reach = np.maximum(scale, 1.0)
    centre = start[:, None, None] + (np.arange(size)[:, None] + 0.5) * scale
    pixel = np.arange(side)
    weights = np.maximum(0.0, 1.0 - np.abs(pixel + 0.5 - centre) / reach)
    weights *= (pixel >= start[:, None, None]) & (pixel < (start + length)[:, None, None])
    weights /= weights.sum(axis=2, keepdims=True)
    whole: Floats = np.rint(weights * 2**PRECISION).astype(np.float32)
    return whole


def _rounded(sums: Floats) -> Floats:
    whole: Floats = np.clip(np.floor(sums * 2.0**-PRECISION + 0.5), 0, 255)
    return whole
