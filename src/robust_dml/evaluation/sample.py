"""Which queries are evaluated, which are kept as examples, and which take part in the extra runs of the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from robust_dml.runtime.randomness import sample_seeds

if TYPE_CHECKING:
    from robust_dml.config import Study
    from robust_dml.data.loading.dataset import Dataset, Part

Positions = NDArray[np.int64]
GOLDEN = 0.6180339887498949  # its multiples, modulo 1, fill the interval evenly at every count


def evenly_spaced(length: int, count: int) -> Positions:
    """Return at most `count` numbers below `length`, evenly spaced, ascending."""
    found: Positions = np.unique(np.linspace(0, length - 1, min(count, length)).round().astype(np.int64))
    return found


def example_order(length: int, count: int) -> Positions:
    """Return at most `count` different numbers below `length`; the first k of them are spread evenly for every k.

    So the examples of a smaller number are among those of a larger one, and showing one more attacks nothing again.
    """
    multiples = np.arange(1, 4 * length + 1) * GOLDEN % 1
    places: Positions = np.floor(multiples * length).astype(np.int64)
    _, first = np.unique(places, return_index=True)
    return places[np.sort(first)][:count]


def evaluated_parts(study: Study, dataset: Dataset) -> tuple[Part, Part]:
    """Return the queries of a study, all or its class-balanced sample, and the gallery, which is always whole."""
    queries, gallery = dataset.queries_and_gallery()
    count = study.evaluation.queries
    if count is None or count >= len(queries):
        return queries, gallery
    return queries.rows(balanced_sample(queries.labels, queries.ids, count, study.seeds[0])), gallery


def balanced_sample(labels: Positions, ids: Positions, count: int, seed: int) -> Positions:
    """Return the positions, ascending, of `count` random queries, as many of each class as of any other, within one.

    A query's turn depends on the seed and on ids alone: a larger sample contains a smaller one.
    """
    draws = sample_seeds(torch.from_numpy(ids), seed, "evaluated queries").numpy()
    order = np.lexsort((draws, labels))
    turn = np.empty(len(order), dtype=np.int64)  # the place of each query among those of its class
    starts = np.searchsorted(labels[order], labels[order], side="left")
    turn[order] = np.arange(len(order)) - starts
    return np.sort(np.lexsort((draws, turn))[:count])


def queries_of_checks(scored: NDArray[np.bool_], count: int) -> Positions:
    """Return the positions of at most `count` queries with anything to find, evenly spaced."""
    found = np.flatnonzero(scored)
    return found[evenly_spaced(len(found), count)] if len(found) else found
