"""Training: the loop, a step, its methods, the state that an interrupted training goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robust_dml.training.loop import train

__all__ = ["train"]


def __getattr__(name: str) -> Any:
    """Import `train` at its first use, since it imports torch; the records of methods do not."""
    if name != "train":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from robust_dml.training.loop import train

    return train
