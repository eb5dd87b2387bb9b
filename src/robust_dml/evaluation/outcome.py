"""Which queries are right under an attack, and whether two attacks differ by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TWO_SIDED = 0.9  # its lower end is that of a one-sided interval at 95 %


@dataclass(frozen=True)
class Outcome:
    """Some scored queries under one attack: `right` bool (Q,), and their classes (Q,)."""

    right: NDArray[np.bool_]
    classes: NDArray[np.int64]

    @property
    def recall(self) -> float:
        """Recall@1 over these queries; 0 for none."""
        return float(self.right.mean()) if len(self.right) else 0.0

    def at(self, rows: NDArray[np.int64]) -> Outcome:
        """Return the outcome of the queries at `rows`."""
        return Outcome(self.right[rows], self.classes[rows])

    def surely_above(self, other: Outcome, by: float) -> bool:
        """Return whether recall@1 is higher than that of `other`, on the same queries, by more than `by` and chance.

        The difference must be above `by`, and so must the lower end of its one-sided 95 % interval, clustered by class.
        """
        from robust_dml.statistics import paired_difference  # brings numpy, which planning does without

        if self.recall - other.recall <= by:
            return False
        return paired_difference(self.right, other.right, self.classes, level=TWO_SIDED).low > by

    def surely_more_than(self, share: float) -> bool:
        """Return whether recall@1 is above `share` by more than chance, in the same sense."""
        from robust_dml.statistics import mean_interval

        if self.recall <= share:
            return False
        return mean_interval(self.right.astype("float64"), self.classes, level=TWO_SIDED).low > share
