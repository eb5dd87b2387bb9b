"""What a curriculum remembers: the triplet loss of the last step, as a share of its full value."""

from __future__ import annotations

from collections.abc import Mapping

from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.training.defence import Distance, Members, TupleDefence, hardness, unit

FULL = 0.2  # the margin of the loss, and the loss that counts as full
BEFORE_THE_FIRST = 2.0


class LastLoss(TupleDefence):
    """A defence that remembers the mean over the last tuples of [H + 0.2]_+, whatever the study's loss is."""

    def __init__(self, measure: Distance) -> None:
        self.measure = measure
        self.last = torch.tensor(BEFORE_THE_FIRST, dtype=torch.float64)

    def share(self) -> Tensor:
        """Return the last loss divided by 0.2, at most 1; 1 before the first step."""
        return self.last.clamp(0, FULL) / FULL

    def remember(self, embeddings: Members) -> None:
        """Take the loss of these tuples for the last, unless it is not finite."""
        of_tuples = hardness(Members(*map(unit, embeddings)), self.measure).detach()
        last = (of_tuples + FULL).clamp(min=0).mean().double().cpu()
        self.last = torch.where(last.isfinite(), last, self.last)

    def state(self) -> dict[str, Tensor]:
        """Return the last loss."""
        return {"last": self.last}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore the last loss."""
        self.last = state["last"]
