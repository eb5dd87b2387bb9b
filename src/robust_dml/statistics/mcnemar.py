"""McNemar's test: two methods on the same independent queries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mcnemar(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Compute the exact two-sided p-value of equal recall@1 from two methods' outcomes on the same queries (Q,).

    Queries must be independent; clustered queries are for `paired_difference`. Of the queries on which one method
    alone is right, half are expected for each. Source: McNemar, Psychometrika 12, 1947, with the binomial tail.
    Raises ValueError for unequal lengths.
    """
    from scipy.special import bdtr

    if a.shape != b.shape:
        raise ValueError(f"outcomes {a.shape} and {b.shape} must be of the same queries")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))
