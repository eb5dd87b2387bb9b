"""What an optimiser is given: a model, images, an objective and a ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from robust_dml.attacks.balls import Ball
    from robust_dml.attacks.frozen import Embed
    from robust_dml.attacks.objectives import Function, Objective
    from robust_dml.runtime.lazy import Tensor


@dataclass(frozen=True)
class Problem:
    """Maximise `objective` of the embeddings of `images` (B, ...), pixels in [0, 1], within `ball`.

    `seeds` (B,) make every random draw of a sample a function of its own entry, so that neither the batch it is in nor
    the order of batches changes its result. In training the last iterate is kept, in evaluation the best.
    """

    embed: Embed
    images: Tensor
    objective: Function
    ball: Ball
    seeds: Tensor
    keep: Literal["best", "last"] = "best"
    until: Objective | None = None
    """Leave a sample once this is above zero; optimisers that cannot stop early ignore it."""

    def start(self, restart: int = 0) -> Tensor:
        """Return where a restart begins: random images in the ball, by the seeds."""
        return self.ball.random(self.images, seeds=self.seeds, stream=restart)
