"""The class-balanced sampler of the paper, whose epochs are a function of (seed, epoch) alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.randomness import numpy_generator

Positions = NDArray[np.int64]


def epoch_batches(labels: Positions, classes: int, samples: int, *, seed: int, epoch: int) -> list[Positions]:
    """Return the batches of an epoch: positions into `labels` (N,), `samples` images of each of `classes` classes.

    Classes are drawn in proportion to the images they have left, images of a class without replacement, until
    fewer than `classes` classes have `samples` images left; the rest sits this epoch out, so every batch is whole
    (the released code's strict ClassBalancedSampler). Classes with fewer than `samples` images are never drawn.
    Raises UserError if too few classes have enough images for one batch.
    """
    generator = numpy_generator(seed, "sampler", epoch)
    order = np.lexsort((generator.permutation(len(labels)), labels))
    _, starts, left = np.unique(labels[order], return_index=True, return_counts=True)
    _require_one_batch(left, classes, samples)
    batches = []
    while (left >= samples).sum() >= classes:
        chosen = _weighted_choice(np.where(left >= samples, left, 0), classes, generator)
        first = starts[chosen] + left[chosen] - samples
        batches.append(order[first[:, None] + np.arange(samples)].ravel())
        left[chosen] -= samples
    return batches


def _weighted_choice(weights: NDArray[np.int64], count: int, generator: np.random.Generator) -> Positions:
    """Draw `count` distinct positions, one by one in proportion to their weights (exponential races)."""
    with np.errstate(divide="ignore"):
        arrivals = generator.exponential(size=len(weights)) / weights
    return np.argpartition(arrivals, count - 1)[:count]


def _require_one_batch(counts: NDArray[np.int64], classes: int, samples: int) -> None:
    enough = int((counts >= samples).sum())
    if enough < classes:
        raise UserError(
            f"a batch of {classes} classes x {samples} images cannot be drawn: {enough} of {len(counts)} training "
            f"classes have {samples} images or more; lower classes_per_batch or samples_per_class"
        )
