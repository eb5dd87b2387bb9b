"""Climb an objective that counts, such as a share or a rank: its gradient is that of a sigmoid, tried at three widths.

A narrow sigmoid has no gradient far from a step of the count; a wide one does not see the step.
"""

from __future__ import annotations

from collections.abc import Callable
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
class Widths:
    """A search for images (B, ...) that a judge likes best; `seeds` (B,) are those of the random starts."""

    embed: Embed
    images: Tensor
    seeds: Tensor
    steps: int
    objective: Callable[..., Objective]
    """Return the objective at a `temperature` of its sigmoid."""
    judge: Callable[[Tensor], Tensor]
    """What counts (B,), of embeddings (B, d)."""

    def best(self, known: Tensor, ball: Ball) -> Tensor:
        """Return the best images in the ball; `known` (B, ...) are in it already.

        PGD runs once per temperature from a random start, and once from the best image with steps a tenth as long; the
        images of a smaller radius are known, so what counts never falls as it grows.
        """
        size = ball.step_size(self.steps)
        best = known
        for number, temperature in enumerate(TEMPERATURES):
            start = ball.random(self.images, seeds=self.seeds, stream=number)
            best = self._better(best, self._climb(temperature, ball, size, start))
        for temperature in TEMPERATURES:
            best = self._better(best, self._climb(temperature, ball, size / 10, best))
        return best

    def _climb(self, temperature: float, ball: Ball, size: float, start: Tensor) -> Tensor:
        objective = self.objective(temperature=temperature)
        return pgd(self.embed, self.images, objective, ball, steps=self.steps, step_size=size, start=start)

    def _better(self, one: Tensor, other: Tensor) -> Tensor:
        """Return, per sample, the image that the judge likes better; the first if they tie."""
        better = self._judged(other) > self._judged(one)
        return torch.where(better.view(-1, *[1] * (one.dim() - 1)), other, one)

    def _judged(self, images: Tensor) -> Tensor:
        with torch.no_grad():
            return self.judge(self.embed(images).float())
