"""Training crops, cut from packed images or from the files; squeezed images are the test crops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.config.data import TransformConfig
from robust_dml.data.index.file import Index
from robust_dml.data.loading.augment import training_boxes, training_flips
from robust_dml.data.loading.resample import crop_and_resize, crop_and_resize_all
from robust_dml.data.store.build import Store
from robust_dml.data.store.packed import Bytes, PackedImages
from robust_dml.data.store.transforms import resized_crop

Rows = NDArray[np.int64]
SMALL = 64 * 64  # pixels up to which one product per batch beats one resize per image


@dataclass(frozen=True)
class TrainingImages:
    """Augmented images by their rows in the index."""

    transform: TransformConfig
    index: Index
    images: Path
    store: Store

    def __call__(self, rows: Rows, seeds: Tensor) -> Bytes:
        """Return images of the rows (B,), each cropped and flipped by its seed (B,): uint8 (B, size, size, 3)."""
        flips = training_flips(seeds, self.transform.flip).numpy()
        if self.transform.aspect == "squeeze":
            return _flipped(self.store.test.rows(rows), flips)
        heights, widths = self._sizes
        sizes = torch.from_numpy(heights[rows]), torch.from_numpy(widths[rows])
        boxes = training_boxes(seeds, *sizes, self.transform.scale).numpy()
        packed = self.store.training
        if packed is None:
            return _flipped(self._from_files(rows, boxes), flips)
        if packed.shape is not None and packed.shape[0] * packed.shape[1] <= SMALL:
            return crop_and_resize_all(packed.rows(rows), boxes, flips, self.transform.size)
        return _flipped(self._from_packed(packed, rows, boxes), flips)

    @cached_property
    def _sizes(self) -> tuple[Rows, Rows]:
        source = self.store.training or self.index
        return source.heights, source.widths

    def _from_packed(self, packed: PackedImages, rows: Rows, boxes: Rows) -> Bytes:
        out = self._empty(len(rows))
        for i, (row, box) in enumerate(zip(rows, boxes, strict=True)):
            out[i] = crop_and_resize(packed[int(row)], box, self.transform.size)
        return out

    def _from_files(self, rows: Rows, boxes: Rows) -> Bytes:
        from robust_dml.data.decode import decode  # imports PIL, which packed images do not need

        out = self._empty(len(rows))
        for i, (row, box) in enumerate(zip(rows, boxes.tolist(), strict=True)):
            out[i] = np.asarray(resized_crop(decode(self.images / self.index.paths[row]), box, self.transform.size))
        return out

    def _empty(self, count: int) -> Bytes:
        return np.empty((count, self.transform.size, self.transform.size, 3), dtype=np.uint8)


def _flipped(images: Bytes, flips: NDArray[np.bool_]) -> Bytes:
    images[flips] = torch.from_numpy(images[flips]).flip(2).numpy()  # fifteen times as fast as a reversed slice
    return images
