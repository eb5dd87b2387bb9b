"""Where the restarts of an attack begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Union

from robust_dml.runtime.lazy import Tensor, torch

if TYPE_CHECKING:
    from robust_dml.attacks.balls import Ball
    from robust_dml.attacks.best import Best

Start = Union[Tensor, Callable[[int], Tensor]]  # noqa: UP007  # evaluated when the module is imported, without torch


def starts(
    best: Best, restarts: int, start: Start | None, images: Tensor, ball: Ball
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield for each restart the images (B, ...) at which it begins, and the numbers (R,) of the samples that are open.

    `start` is the images of the first restart, or a function from a restart's number to images; without it, and for the
    further restarts of a tensor, they are random in the ball, from torch's generator. It ends once no sample is open.
    """
    for restart in range(restarts):
        rows = best.open_rows()
        if len(rows) == 0:
            return
        yield _begin(start, restart, images, ball), rows


def _begin(start: Start | None, restart: int, images: Tensor, ball: Ball) -> Tensor:
    if isinstance(start, torch.Tensor):
        return start if restart == 0 else ball.random(images)
    return ball.random(images) if start is None else start(restart)
