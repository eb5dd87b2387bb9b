"""Projected gradient descent on one loss of a whole batch, as in the released codes of defences and ranking attacks.

`attacks.optimisers.pgd` climbs one objective for each sample; here the samples may depend on each other, the first step
may have a loss of its own, and the batch decides when to stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from robust_dml.attacks.balls import Ball
from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.probe import probe
from robust_dml.runtime.lazy import Tensor, torch

BatchLoss = Callable[[Tensor], Tensor]
"""Embeddings of all moved images (P, d) to a scalar, to be minimised."""


@dataclass(frozen=True)
class Stop:
    """When a descent ends before its last step; one decision for the whole batch, as in the released codes."""

    below: float = float("-inf")
    """No step is made from a loss below this."""
    stalled: float = 0.0
    """The step before which the loss has changed by less than this, since the step before it, is the last."""

    def now(self, losses: list[Tensor]) -> bool:
        """Whether no step is made from the last of `losses`."""
        return bool(losses[-1] < self.below)

    def next(self, losses: list[Tensor]) -> bool:
        """Whether the step made from the last of `losses` is the last."""
        return len(losses) > 1 and bool((losses[-1] - losses[-2]).abs() < self.stalled)


@dataclass(frozen=True)
class Descent:
    """What a descent leaves: the moved images (P, ...), and the loss before each step that was made."""

    images: Tensor
    previous: Tensor
    """The iterate before the last step."""
    losses: list[Tensor]


def descend(
    embed: Embed,
    images: Tensor,
    loss: BatchLoss,
    ball: Ball,
    *,
    start: Tensor,
    steps: int,
    step_size: float,
    first: BatchLoss | None = None,
    momentum: float = 0.0,
    stop: Stop | None = None,
) -> Descent:
    """Return `images` (P, ...) after projected steps against the gradient of `loss`; the last iterate is kept.

    Args:
        embed: images to embeddings (P, d), with weights that collect no gradient.
        start: the first iterate, taken as it is.
        step_size: in the norm of the ball.
        first: the loss of the first step, if it is another.
        momentum: the share of the velocity that is kept from one step to the next.
        stop: an earlier end.
    """
    moved, previous, velocity = start, start, torch.zeros_like(images)
    losses: list[Tensor] = []
    for number in range(steps):
        found = probe(embed, moved, first if first is not None and number == 0 else loss)
        losses.append(found.values)
        if stop is not None and stop.now(losses):
            return Descent(moved, previous, losses[:-1])
        velocity = momentum * velocity + ball.step(-found.gradient)
        previous, moved = moved, ball.project(moved + step_size * ball.step(velocity), images)
        if stop is not None and stop.next(losses):
            break
    return Descent(moved, previous, losses)
