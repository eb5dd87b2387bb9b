"""Which epoch's weights are the model: the last, the best on the test classes as released, or the validated."""

from __future__ import annotations

from typing import Any

from robust_dml.config.training import OptimisationConfig
from robust_dml.runtime.errors import UserError
from robust_dml.training.history import Row

# On the test classes, as the released code chooses, for best-clean and best-adversarial: optimistic, and named so.
COLUMN = {
    "best-clean": "recall@1",
    "best-adversarial": "adversarial_recall@1",
    "validation": "validation_recall@1",
}

Choices = dict[str, dict[str, Any]]


def updated(choices: Choices, row: Row) -> Choices:
    """The choices once the epoch of `row` is over; of equal scores the earlier epoch stays."""
    now = dict(choices)
    for choice, column in COLUMN.items():
        score = row.get(column)
        if score is not None and (choice not in choices or score > choices[choice]["score"]):
            now[choice] = {"epoch": row["epoch"], "score": score}
    return now


def epochs_of(choices: Choices) -> set[int]:
    """The epochs whose weights some choice refers to."""
    return {choice["epoch"] for choice in choices.values()}


def require_choice(optimisation: OptimisationConfig, validation: float, where: str) -> None:
    """Raise UserError if the study's tables use a choice that this training cannot make."""
    if optimisation.checkpoint == "validation" and validation == 0:
        raise UserError(f"{where}: checkpoint: validation needs `validation` above 0, a share of the training classes")
