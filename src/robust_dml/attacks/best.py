"""The best image found so far, per sample."""

from __future__ import annotations

import torch
from torch import Tensor


class Best:
    """Begins with the clean images, which any finite value beats; a value that is NaN beats nothing."""

    def __init__(self, images: Tensor) -> None:
        self.images = images.clone()
        self.values = torch.full((len(images),), -torch.inf, dtype=torch.float64, device=images.device)

    def offer(self, images: Tensor, values: Tensor, rows: Tensor) -> None:
        """Keep those of `images`, samples number `rows`, whose `values` are higher than any before."""
        better = values > self.values[rows]
        self.images[rows[better]] = images[better]
        self.values[rows[better]] = values[better].double()

    def settle(self, images: Tensor, rows: Tensor) -> None:
        """Keep `images` for good as the result of samples number `rows`."""
        self.images[rows] = images
        self.values[rows] = torch.inf

    def open_rows(self) -> Tensor:
        """The numbers of the samples that are not settled."""
        return torch.nonzero(self.values < torch.inf).flatten()
