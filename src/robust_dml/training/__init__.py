"""Training: methods, the loop, its state."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust_dml.config import Run, Study

__all__ = ["train"]


def train(study: Study, run: Run) -> None:
    """Train the model of `run`, or write it as it is if the study lists it under `models`.

    See `robust_dml.training.loop.train` and `robust_dml.training.untrained.write_untrained`.
    """
    # By name: whoever reads the record of a method needs neither of them.
    if run.training in study.models:
        import_module("robust_dml.training.untrained").write_untrained(study, run)
    else:
        import_module("robust_dml.training.loop").train(study, run)
