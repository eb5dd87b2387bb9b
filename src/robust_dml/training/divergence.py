"""Trainings that ended without a usable model: the embeddings are one point, or loss or weights grew without bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from robust_dml.training.history import HistoryRow

if TYPE_CHECKING:
    from torch import Tensor

ONE_POINT = 0.01  # distance from the mean embedding, relative to the length of embeddings
EXPLODED = 10.0  # loss of the last epoch, relative to that of the first
LARGE_WEIGHT = 1000.0  # the loss of normalised embeddings is bounded, so that weights alone show an explosion


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


def largest_weight(parameters: Iterable[Tensor]) -> float:
    """Return the largest absolute value of all weights; 0 if there is none."""
    return max((float(weights.detach().abs().max()) for weights in parameters if weights.numel()), default=0.0)


def diverged(history: Sequence[HistoryRow], weight: float = 0.0) -> bool:
    """Return whether the last epoch had no finite loss or ten times that of the first, or a weight is beyond bounds."""
    first, last = history[0].loss, history[-1].loss
    return weight > LARGE_WEIGHT or last is None or (first is not None and last > EXPLODED * max(first, 0.0))


def warnings_of(history: Sequence[HistoryRow], spread: float | None, weight: float = 0.0) -> list[str]:
    """Return one line for each reason why the model is of no use."""
    advice = "lower learning_rate or epsilon, or raise ramp_epochs"
    found = []
    if collapsed(spread):
        found.append(f"the embeddings of all test images are nearly equal (relative spread {spread:.1e}); {advice}")
    if diverged(history):
        found.append(f"the loss rose from {history[0].loss} to {history[-1].loss}; {advice}")
    if weight > LARGE_WEIGHT:
        found.append(f"the largest weight is {weight:.1e}; {advice}")
    return found
