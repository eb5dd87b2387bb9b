"""The training batches of an epoch, loaded here or ahead of time by worker processes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from robust_dml.data.loading.dataset import Part
from robust_dml.data.loading.sampler import Positions, epoch_batches
from robust_dml.data.loading.workers import LoadedBatches
from robust_dml.runtime.randomness import sample_seeds


class Batch(NamedTuple):
    """Images uint8 (B, 3, S, S), labels and ids int64 (B,)."""

    images: Tensor
    labels: Tensor
    ids: Tensor


def train_batches(
    part: Part, *, classes: int, samples: int, seed: int, epoch: int, first: int = 0, workers: int = 0
) -> LoadedBatches[Batch]:
    """Return augmented class-balanced batches of an epoch from number `first` on, the same for any number of workers.

    Raises what `epoch_batches` and `LoadedBatches` raise.
    """
    batches = epoch_batches(part.labels, classes, samples, seed=seed, epoch=epoch)
    images = _Epoch(part, batches, seed, epoch)
    return LoadedBatches(DataLoader(images, batch_size=None, sampler=range(first, len(batches)), num_workers=workers))


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
