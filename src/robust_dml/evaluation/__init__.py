"""A trained model under attack: results per query, metrics and checks as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust_dml.config import Run, Study

__all__ = ["evaluate"]


def evaluate(study: Study, run: Run) -> None:
    """Attack one trained model and write its results; see `robust_dml.evaluation.evaluation`."""
    from robust_dml.evaluation.evaluation import evaluate as work  # heavy, and `collect` needs none of it

    work(study, run)
