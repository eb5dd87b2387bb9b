"""Which images train and which are retrieved: every split of an index, True for training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robust_dml.runtime.randomness import numpy_generator

DRAWS = range(1, 6)
Mask = NDArray[np.bool_]


def all_splits(labels: NDArray[np.int64]) -> dict[str, Mask]:
    """Return the splits of every dataset, from its labels (N,), which count from 0 in the paper's class order.

    `sorted` is the paper's default: the first half of the classes trains. `random-k` draws that half, `samples-k`
    draws half of the images of each class, so that all classes lie on both sides.
    """
    count = int(labels.max()) + 1
    half = round(count / 2)
    splits = {"sorted": labels < half}
    for draw in DRAWS:
        chosen = numpy_generator("split", "random", draw).permutation(count)[:half]
        splits[f"random-{draw}"] = np.isin(labels, chosen)
    for draw in DRAWS:
        splits[f"samples-{draw}"] = half_of_each_class(labels, "split", "samples", draw)
    return splits


def half_of_each_class(labels: NDArray[np.int64], *path: int | str) -> Mask:
    """Return True (N,) for a random half (rounded up) of the images of each class."""
    return _share_of_each_class(labels, 0.5, *path)


def held_out(labels: NDArray[np.int64], training: Mask, split: str, share: float) -> Mask:
    """Return the training images (N,) held out to choose a checkpoint: a share of the training classes, at least one.

    Where training and test share their classes (`samples-k`), it is that share of each class's training images.
    """
    held = np.zeros(len(labels), dtype=bool)
    if share == 0:
        return held
    if split.startswith("samples"):
        held[training] = _share_of_each_class(labels[training], share, "validation", split)
        return held
    classes = np.unique(labels[training])
    count = min(max(1, round(share * len(classes))), len(classes) - 1)
    chosen = numpy_generator("validation", split).permutation(classes)[:count]
    return training & np.isin(labels, chosen)


def _share_of_each_class(labels: NDArray[np.int64], share: float, *path: int | str) -> Mask:
    """Order the images of each class at random, then take the first `share` of them."""
    shuffled = np.lexsort((numpy_generator(*path).permutation(len(labels)), labels))
    counts = np.bincount(labels)
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    taken = rank < np.ceil(share * counts)[labels[shuffled]]
    mask = np.empty(len(labels), dtype=bool)
    mask[shuffled] = taken
    return mask
