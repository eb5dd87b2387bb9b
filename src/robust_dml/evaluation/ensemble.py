"""The worst case: a query counts as broken if any attack of an ensemble breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robust_dml.evaluation.attacked import Attacked

Right = Callable[[NDArray[np.float32]], NDArray[np.bool_]]


def worst_case(clean: Attacked, members: Sequence[Attacked], right: Right) -> Attacked:
    """Combine attacks on the same queries: each query keeps the result of the first member that breaks it.

    A query that no member breaks keeps the result of the last member; one that is wrong when clean and that no member
    breaks stays clean, and so wrong. `right` maps embeddings (Q, d) of all queries to bool (Q,): is the nearest
    neighbour of the query's class? Only results are combined; nothing is attacked.
    """
    standing = np.ones(len(clean.positions), dtype=bool)
    chosen = np.full(len(clean.positions), len(members) - 1)
    for number, member in enumerate(members):
        broken = standing & ~right(member.embeddings)
        chosen[broken] = number
        standing &= ~broken
    unharmed = standing & ~right(clean.embeddings)
    return _picked([*members, clean], np.where(unharmed, len(members), chosen), members[0])


def _picked(parts: Sequence[Attacked], chosen: NDArray[np.int64], first: Attacked) -> Attacked:
    """Take row i from part number chosen[i]; all parts are of the same queries and keep the images of the same."""
    rows, shown = np.arange(len(chosen)), np.arange(len(first.images))
    of_images = chosen[np.searchsorted(first.positions, first.image_positions)]
    return replace(
        first,
        embeddings=np.stack([part.embeddings for part in parts])[chosen, rows],
        norm=np.stack([part.norm for part in parts])[chosen, rows],
        zero_gradient=np.stack([part.zero_gradient for part in parts])[chosen, rows],
        images=np.stack([part.images for part in parts])[of_images, shown],
        origin=replace(first.origin, seconds=0.0),
    )
