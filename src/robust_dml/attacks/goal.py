"""What an attack climbs, and when it leaves a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from robust_dml.attacks.objectives import Objective
from robust_dml.runtime.lazy import Tensor

if TYPE_CHECKING:
    from robust_dml.attacks.objectives import Function


@dataclass(frozen=True)
class Goal:
    """Maximise `objective`; leave a sample once `until` is above zero or NaN.

    Without `until` no sample is left before the end. With it, `objective` must be an `Objective`, whose rows can be
    taken; where both are the same object, it is evaluated once.
    """

    objective: Function
    until: Objective | None = None

    def broken(self, embeddings: Tensor, values: Tensor) -> Tensor | None:
        """Return True (B,) for samples to be left; `values` (B,) are those of the objective at `embeddings` (B, d).

        None stands for no sample: without `until` nothing is computed, and a GPU is not waited for.
        """
        if self.until is None:
            return None
        return ~((values if self.until is self.objective else self.until(embeddings)) <= 0)

    def rows(self, index: Tensor) -> Goal:
        """Return the same goal for some of the samples; the goal itself if it leaves none."""
        if self.until is None:
            return self
        assert isinstance(self.objective, Objective)
        objective = self.objective.rows(index)
        return Goal(objective, objective if self.until is self.objective else self.until.rows(index))
