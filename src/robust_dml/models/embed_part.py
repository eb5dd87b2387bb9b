"""Convert images of a dataset to the pixels that a model takes, and embed a whole part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robust_dml.runtime.progress import track

if TYPE_CHECKING:
    from robust_dml.attacks.frozen import Embed
    from robust_dml.data.loading.dataset import Part
    from robust_dml.training.distributed import Processes


def as_pixels(images: Tensor, device: str, layout: torch.memory_format = torch.preserve_format) -> Tensor:
    """Return uint8 images (B, 3, H, W) as float32 in [0, 1] on a device."""
    pixels = images.to(device).float() / 255
    return pixels if layout is torch.preserve_format else pixels.contiguous(memory_format=layout)


def embed_part(
    embed: Embed,
    part: Part,
    device: str,
    layout: torch.memory_format = torch.preserve_format,
    batch: int = 256,
    processes: Processes | None = None,
) -> Tensor:
    """Return the float32 embeddings (N, d) of a part's test images, by batches; each process embeds its share."""
    share = slice(None) if processes is None else processes.share(len(part))
    batches = torch.split(torch.arange(len(part))[share], batch)
    with torch.no_grad():
        embedded = torch.cat(
            [
                embed(as_pixels(part.test_images(rows), device, layout)).float()
                for rows in track(batches, title="embedding clean images", unit="batches")
            ]
        )
    return embedded if processes is None else processes.gather(embedded, len(part))
