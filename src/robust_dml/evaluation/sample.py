"""Which queries are kept as examples and which take part in the extra runs of the checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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


def queries_of_checks(scored: NDArray[np.bool_], count: int) -> Positions:
    """Return the positions of at most `count` queries with anything to find, evenly spaced."""
    found = np.flatnonzero(scored)
    return found[evenly_spaced(len(found), count)] if len(found) else found
