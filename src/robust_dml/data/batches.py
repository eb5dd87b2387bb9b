"""The training batches of an epoch, loaded here or ahead of time by worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from robust_dml.data.dataset import Part
from robust_dml.data.sampler import Positions, epoch_batches
from robust_dml.randomness import sample_seeds


class Batch(NamedTuple):
    """images uint8 (B, 3, S, S), labels and ids int64 (B,)."""

    images: Tensor
    labels: Tensor
    ids: Tensor


def train_batches(
    part: Part, *, classes: int, samples: int, seed: int, epoch: int, workers: int = 0
) -> Iterator[Batch]:
    """Augmented class-balanced batches; the same ones for any number of workers. See `epoch_batches`."""
    batches = epoch_batches(part.labels, classes, samples, seed=seed, epoch=epoch)
    yield from DataLoader(_Epoch(part, batches, seed, epoch), batch_size=None, num_workers=workers)


class _Epoch(Dataset[Batch]):
    def __init__(self, part: Part, batches: list[Positions], seed: int, epoch: int) -> None:
        self.part, self.batches, self.seed, self.epoch = part, batches, seed, epoch

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> Batch:
        positions = self.batches[number]
        ids = torch.from_numpy(self.part.ids[positions])
        images = self.part.train_images(positions, sample_seeds(ids, self.seed, "augment", self.epoch))
        return Batch(images, torch.from_numpy(self.part.labels[positions]), ids)
