"""A prepared dataset, and its parts: training, test and validation images as uint8 tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.config.data import NO_SPLIT, DatasetConfig
from robust_dml.data.index.file import ROLES, read_index
from robust_dml.data.index.splits import held_out
from robust_dml.data.loading.training_images import TrainingImages
from robust_dml.data.paths import images_folder, index_path
from robust_dml.data.store.build import open_store
from robust_dml.data.store.packed import PackedImages
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of

PartName = Literal["train", "test", "validation"]
Positions = NDArray[np.int64] | Tensor


@dataclass(frozen=True)
class Part:
    """Some images of a dataset, by position 0 ... len - 1; `ids` (N,) are their rows in the index, `labels` (N,).

    `groups` (N, G) are those of `robust_dml.retrieval.items`: images with one number in a column ignore each other.
    """

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    test: PackedImages
    training: TrainingImages

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, positions: NDArray[np.int64]) -> Part:
        """Return the images at the positions (B,) as a part of their own."""
        return replace(self, ids=self.ids[positions], labels=self.labels[positions], groups=self.groups[positions])

    def test_images(self, positions: Positions) -> Tensor:
        """Return the test crops at the positions (B,): uint8 (B, 3, size, size), channels last in memory."""
        return _channels_first(self.test.rows(self.ids[np.asarray(positions)]))

    def train_images(self, positions: Positions, seeds: Tensor) -> Tensor:
        """Return training crops at the positions (B,), image i a function of seeds[i]: uint8 (B, 3, size, size)."""
        return _channels_first(self.training(self.ids[np.asarray(positions)], seeds))


class Dataset:
    """A dataset prepared by the commands `index` and `store`."""

    def __init__(self, config: DatasetConfig, data_root: Path) -> None:
        """Open the prepared files. Raises UserError that says what to run if they are absent or do not fit."""
        path = index_path(config, data_root)
        self.config = config
        self.index = read_index(path)
        self.sha256 = sha256_of(path)
        if config.split not in (NO_SPLIT, *self.index.splits):
            raise UserError(f"{path}: has no split {config.split}; delete it and run `robust-dml index`")
        self._store = open_store(config, data_root, self.index, self.sha256)
        self._training = TrainingImages(config.transform, self.index, images_folder(config, data_root), self._store)

    def part(self, name: PartName) -> Part:
        """Return the images of one part; `validation` is held out of training. Raises UserError if it is empty."""
        config, labels = self.config, self.index.labels
        training = self.index.training(config.split)
        held = held_out(labels, training, config.split, config.validation)
        ids = np.flatnonzero({"train": training & ~held, "test": ~training, "validation": held}[name])
        if len(ids) == 0:
            raise UserError(f"{config.kind}: no {name} images (split {config.split}, validation {config.validation:g})")
        return self._of(ids)

    def queries_and_gallery(self) -> tuple[Part, Part]:
        """Return the queries and what they are compared with, which may be themselves.

        They are the test images, unless the split lists queries and gallery apart. Raises UserError if no query has
        another image of its class in the gallery: recall would be 0 for any model.
        """
        queries, gallery = self._listed() if self.config.has_roles else self._sides()
        found = np.bincount(gallery.labels, minlength=int(queries.labels.max()) + 1)[queries.labels]
        if (found - np.isin(queries.ids, gallery.ids)).max() < 1:
            raise UserError(
                f"{self.config.kind}: none of {len(queries)} queries has another image of its class in the gallery"
                f" (split {self.config.split}, gallery {self.config.gallery}), so there is nothing to find; give"
                " classes more images, or choose another split"
            )
        return queries, gallery

    def _sides(self) -> tuple[Part, Part]:
        queries = self.part("test")
        return queries, queries if self.config.gallery == "test" else self.part("train")

    def _listed(self) -> tuple[Part, Part]:
        queries, gallery = (np.flatnonzero(self.index.roles[role]) for role in ROLES)
        part = self._of(queries)
        return part, part if np.array_equal(queries, gallery) else self._of(gallery)

    def _of(self, ids: NDArray[np.int64]) -> Part:
        columns = [group[ids] for group in self.index.groups.values()]
        groups = np.stack(columns, axis=1) if columns else np.zeros((len(ids), 0), dtype=np.int64)
        return Part(ids, self.index.labels[ids], groups, self._store.test, self._training)


def _channels_first(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2)
