"""Choose the epoch whose weights are the model: the last, the best on the test classes, or the best validated.

best-clean and best-adversarial select on the test classes, as the released code does, and are therefore optimistic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robust_dml.training.history import HistoryRow


@dataclass(frozen=True)
class Choice:
    """The best epoch by one score so far."""

    epoch: int
    score: float


Choices = Mapping[str, Choice]


def scores_of(row: HistoryRow) -> dict[str, float | None]:
    """Return the score of an epoch by each choice; None where it was not measured."""
    return {
        "best-clean": row.recall,
        "best-adversarial": row.adversarial_recall,
        "validation": row.validation_recall,
    }


def updated(choices: Choices, row: HistoryRow) -> dict[str, Choice]:
    """Return the choices after the epoch of `row`; of equal scores the earlier epoch stays."""
    now = dict(choices)
    for name, score in scores_of(row).items():
        if score is not None and (name not in choices or score > choices[name].score):
            now[name] = Choice(row.epoch, score)
    return now


def epochs_of(choices: Choices) -> set[int]:
    """Return the epochs whose weights some choice refers to."""
    return {choice.epoch for choice in choices.values()}
