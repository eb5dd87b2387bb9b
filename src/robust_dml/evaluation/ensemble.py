"""The worst case: a query counts as broken if any attack of an ensemble breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from robust_dml.evaluation.blocks import SECONDS, Arrays
from robust_dml.evaluation.target import Subject

Member = Callable[[np.ndarray], Arrays]


def worst_case(subject: Subject, members: Sequence[Member], examples: np.ndarray) -> Arrays:
    """The arrays of an attack that takes, per query, the first member that breaks it; the last if none does.

    A member is a function from query positions to the arrays of an `Attack`; it is asked only about the queries
    that no earlier member has broken. A query that is wrong when clean is broken, whatever its attacks do to it.
    `examples` are the positions of the queries whose images are kept.
    """
    positions = np.arange(len(subject.queries.ids))
    chosen = unattacked(subject, examples)
    clean_wrong = ~right(subject, chosen["embeddings"], positions)
    standing, seconds = positions, 0.0
    for member in members:
        if len(standing) == 0:
            break
        arrays = member(standing)
        seconds += float(arrays[SECONDS].sum())
        overwrite(chosen, arrays, standing, examples)
        standing = standing[right(subject, arrays["embeddings"], standing)]
    unharmed = standing[clean_wrong[standing]]
    overwrite(chosen, select(unattacked(subject, examples), unharmed, examples), unharmed, examples)
    return {**chosen, SECONDS: np.array([seconds])}


def unattacked(subject: Subject, examples: np.ndarray) -> Arrays:
    """The arrays of an attack that leaves all queries as they are."""
    count = len(subject.queries.ids)
    return {
        "embeddings": subject.queries.embeddings.cpu().numpy().copy(),
        "norm": np.zeros(count),
        "zero_gradient": np.zeros(count, dtype=bool),
        "images": subject.images(examples).cpu().numpy().copy(),
    }


def select(arrays: Arrays, positions: np.ndarray, examples: np.ndarray) -> Arrays:
    """The rows at `positions` of arrays of all queries; of the images, those of the examples among them."""
    rows = {name: arrays[name][positions] for name in ("embeddings", "norm", "zero_gradient")}
    return {**rows, "images": arrays["images"][np.isin(examples, positions)]}


def overwrite(target: Arrays, source: Arrays, positions: np.ndarray, examples: np.ndarray) -> None:
    """Put the rows of `source`, which belong to the queries at `positions`, into the arrays of all queries."""
    for name in ("embeddings", "norm", "zero_gradient"):
        target[name][positions] = source[name]
    target["images"][np.isin(examples, positions)] = source["images"]


def right(subject: Subject, embeddings: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """bool (B,): is the nearest neighbour of the queries at `positions`, embedded as given (B, d), right?"""
    at = subject.tensor(positions)
    return subject.rank(subject.finite(embeddings, at), at).right.cpu().numpy()
