"""Training: methods, the loop, its state."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust_dml.config import Run, Study

__all__ = ["train"]


def train(study: Study, run: Run) -> None:
    """Train the model of `run`; see `robust_dml.training.loop.train`."""
    import_module("robust_dml.training.loop").train(study, run)  # by name: whoever reads a method needs no loop
