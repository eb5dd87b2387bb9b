"""How large a part measures, and on what: the paper's sizes on a GPU, or a tiny form that runs anywhere in seconds."""

from __future__ import annotations

from dataclasses import dataclass

PASSES = {"natural": 3, "robust": 16}
"""Forward passes of an image in a step: forward and backward; with PGD-5 and the adversarial images."""


@dataclass(frozen=True)
class Size:
    """Where a part runs, and whether at the paper's sizes."""

    device: str = "cuda"
    tiny: bool = False

    @property
    def batch(self) -> int:
        """Images of a training step."""
        return 4 if self.tiny else 112

    @property
    def pixels(self) -> int:
        """Side of an image."""
        return 32 if self.tiny else 224

    @property
    def rounds(self) -> int:
        """How often each way is timed."""
        return 1 if self.tiny else 5

    @property
    def galleries(self) -> tuple[tuple[int, int], ...]:
        """Queries and gallery items of a search: SOP's test images among themselves, and a million items."""
        return ((50, 50), (20, 2000)) if self.tiny else ((60_502, 60_502), (8_192, 1_000_000))

    @property
    def images(self) -> int:
        """Images of the dataset of an epoch, half of which train: as many as CUB200 has."""
        return 32 if self.tiny else 11_788

    @property
    def classes(self) -> int:
        """Classes of that dataset."""
        return 8 if self.tiny else 200

    @property
    def queries(self) -> int:
        """Queries that an evaluation attacks at a time."""
        return 8 if self.tiny else 128

    def gflop(self, images: int) -> float:
        """Return 10^9 operations of ResNet50's forward pass of some images."""
        return images * 8.174 * (self.pixels / 224) ** 2
