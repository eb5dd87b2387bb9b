"""Climb several objectives in turn and keep what a judge likes best.

An objective that counts, such as a share or a rank, is climbed at several widths: its gradient is that of a sigmoid. A
narrow one has no gradient far from a step of the count; a wide one does not see the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robust_dml.attacks.optimisers.pgd import pgd
from robust_dml.runtime.lazy import Tensor, torch

if TYPE_CHECKING:
    from robust_dml.attacks.balls import Ball
    from robust_dml.attacks.frozen import Embed
    from robust_dml.attacks.objectives import Objective

TEMPERATURES = (0.02, 0.1, 0.5)


@dataclass(frozen=True)
class Climbs:
    """A search for images (B, ...) by PGD; `seeds` (B,) are those of its random starts."""

    embed: Embed
    images: Tensor
    seeds: Tensor
    steps: int
    objectives: Sequence[Objective]
    judge: Callable[[Tensor], Tensor]
    """What counts (B,), of embeddings (B, d); more is better."""

    def best(self, known: Tensor, ball: Ball) -> Tensor:
        """Return the best images in the ball; `known` (B, ...) are in it already.

        PGD climbs each objective from a random start, and then from the best image with steps a tenth as long. If the
        images of a smaller radius are known, what counts never falls as it grows.
        """
        size, best = ball.step_size(self.steps), known
        for number, objective in enumerate(self.objectives):
            start = ball.random(self.images, seeds=self.seeds, stream=number)
            best = self._better(best, self._climb(objective, ball, size, start))
        for objective in self.objectives:
            best = self._better(best, self._climb(objective, ball, size / 10, best))
        return best

    def _climb(self, objective: Objective, ball: Ball, size: float, start: Tensor) -> Tensor:
        return pgd(self.embed, self.images, objective, ball, steps=self.steps, step_size=size, start=start)

    def _better(self, one: Tensor, other: Tensor) -> Tensor:
        """Return, per sample, the image that the judge likes better; the first if they tie."""
        better = self._judged(other) > self._judged(one)
        return torch.where(better.view(-1, *[1] * (one.dim() - 1)), other, one)

    def _judged(self, images: Tensor) -> Tensor:
        with torch.no_grad():
            values = self.judge(self.embed(images).float())
        return values.double().masked_fill(~values.isfinite(), torch.inf)


def at_widths(objective: Callable[..., Objective]) -> list[Objective]:
    """Return an objective at each `temperature` of its sigmoid."""
    return [objective(temperature=temperature) for temperature in TEMPERATURES]
