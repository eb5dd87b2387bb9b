"""Where the restarts of an attack begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Union

from robust_dml.runtime.lazy import Tensor, torch

if TYPE_CHECKING:
    from robust_dml.attacks.balls import Ball

Start = Union[Tensor, Callable[[int], Tensor]]  # noqa: UP007  # evaluated when the module is imported, without torch


def begin(start: Start | None, restart: int, images: Tensor, ball: Ball) -> Tensor:
    """Return the images (B, ...) at which restart number `restart` begins.

    `start` is the images of the first restart, or a function from a restart's number to images; without it, and for the
    further restarts of a tensor, they are random in the ball, from torch's generator.
    """
    if isinstance(start, torch.Tensor):
        return start if restart == 0 else ball.random(images)
    return ball.random(images) if start is None else start(restart)
