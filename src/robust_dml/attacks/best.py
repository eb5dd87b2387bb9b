"""The best image found so far, per sample."""

from __future__ import annotations

from robust_dml.runtime.lazy import Tensor, torch


class Best:
    """The best images of an attack. It begins with the clean images, which any value beats.

    A value that is not finite counts as infinite: an image that the model cannot embed is a success of the attack, and
    it is kept, so that the failure shows in the result.
    """

    def __init__(self, images: Tensor) -> None:
        self.images = images.clone()
        self.values = torch.full((len(images),), -torch.inf, dtype=torch.float64, device=images.device)
        self.settled = torch.zeros(len(images), dtype=torch.bool, device=images.device)

    def offer(self, images: Tensor, values: Tensor, rows: Tensor) -> None:
        """Keep those of `images`, samples number `rows`, whose `values` are higher than any before."""
        values = values.double().masked_fill(~values.isfinite(), torch.inf)
        better = values > self.values[rows]
        self.images[rows[better]] = images[better]
        self.values[rows[better]] = values[better]

    def settle(self, images: Tensor, rows: Tensor) -> None:
        """Keep `images` for good as the result of samples number `rows`, but for those with a value of infinity."""
        better = self.values[rows] < torch.inf
        self.images[rows[better]] = images[better]
        self.values[rows] = torch.inf
        self.settled[rows] = True

    def leave(self, broken: Tensor | None, images: Tensor, rows: Tensor) -> Tensor | None:
        """Settle those of `images`, samples number `rows`, that are `broken` (B,), if any.

        Return an index (S,) of the others, or None where that is all of them.
        """
        if broken is None or not broken.any():
            return None
        self.settle(images[broken], rows[broken])
        return torch.nonzero(~broken).flatten()

    def rows(self, index: Tensor) -> Best:
        """Return the best images of the samples at `index`, as a record of their own."""
        some = Best(self.images[index])
        some.values, some.settled = self.values[index], self.settled[index]
        return some

    def open_rows(self) -> Tensor:
        """Return the numbers of the samples that are not settled."""
        return torch.nonzero(~self.settled).flatten()
