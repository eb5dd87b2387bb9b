"""Trainings that ended without a usable model: the embeddings are one point, or the loss has grown without bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robust_dml.training.history import HistoryRow

if TYPE_CHECKING:
    from torch import Tensor

ONE_POINT = 0.01  # distance from the mean embedding, relative to the length of embeddings
EXPLODED = 10.0  # loss of the last epoch, relative to that of the first


def relative_spread(embeddings: Tensor) -> float:
    """Return the root mean square distance of embeddings (N, d) from their mean, relative to that from the origin.

    0 if all embeddings are the same, near 1 if their mean is the origin.
    """
    exact = embeddings.double()
    length = exact.square().sum(1).mean().sqrt()
    spread = (exact - exact.mean(0)).square().sum(1).mean().sqrt()
    return float(spread / length) if length > 0 else 0.0


def collapsed(spread: float | None) -> bool:
    """Return whether a spread is that of embeddings which are all nearly equal."""
    return spread is not None and spread < ONE_POINT


def diverged(history: Sequence[HistoryRow]) -> bool:
    """Return whether the last epoch had no finite loss, or one that is ten times that of the first epoch."""
    first, last = history[0].loss, history[-1].loss
    return last is None or (first is not None and last > EXPLODED * max(first, 0.0))


def warnings_of(history: Sequence[HistoryRow], spread: float | None) -> list[str]:
    """Return one line for each reason why the model is of no use."""
    advice = "lower learning_rate or epsilon, or raise ramp_epochs"
    found = []
    if collapsed(spread):
        found.append(f"the embeddings of all test images are nearly equal (relative spread {spread:.1e}); {advice}")
    if diverged(history):
        found.append(f"the loss rose from {history[0].loss} to {history[-1].loss}; {advice}")
    return found
