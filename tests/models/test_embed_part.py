"""Embeddings of a whole part, by batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from robust_dml.models.embed_part import as_pixels, embed_part

MATRIX = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
IMAGES = torch.randint(0, 256, (11, 3, 2, 2), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


class Part:
    """As much of a dataset's part as embedding uses."""

    def __len__(self) -> int:
        return len(IMAGES)

    def test_images(self, positions: Tensor) -> Tensor:
        return IMAGES[np.asarray(positions)]


def test_pixels_are_the_bytes_divided_by_255() -> None:
    pixels = as_pixels(IMAGES, "cpu", torch.channels_last)
    assert pixels.dtype == torch.float32 and pixels.is_contiguous(memory_format=torch.channels_last)
    assert pixels[0, 0, 0, 0].item() == np.float32(IMAGES[0, 0, 0, 0].item()) / np.float32(255)


@pytest.mark.parametrize("batch", [1, 4, 11, 100])
def test_every_image_is_embedded_once_in_order(batch: int) -> None:
    part: Any = Part()
    seen = []

    def embed(images: Tensor) -> Tensor:
        assert not torch.is_grad_enabled() and len(images) <= batch
        seen.append(len(images))
        return images.flatten(1) @ MATRIX

    found = embed_part(embed, part, "cpu", batch=batch)
    assert sum(seen) == 11
    for row, image in enumerate(IMAGES):
        torch.testing.assert_close(found[row], image.flatten().float() / 255 @ MATRIX)
