"""Whether the numbers of a card are those of its own bits: what is wrong with it without running anything."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robust_dml.cards.card import Card, OfSeed
from robust_dml.runtime.errors import UserError
from robust_dml.statistics import mean_interval

ROUNDING = 1e-9


def require_consistent(path: Path, card: Card) -> None:
    """Raise UserError if a number or an interval of a card is another than its bits give, or fields disagree."""
    try:
        classes = card.classes
        if len(classes) != card.data.scored:
            raise ValueError(f"labels: expected {card.data.scored} classes, found {len(classes)}")
        if (card.verdict == "verified") != (not card.reasons):
            raise ValueError(f"verdict: {card.verdict}, with {len(card.reasons)} reasons against it")
        for seed in card.seeds:
            _require_seed(card, seed, classes)
    except ValueError as error:
        raise UserError(
            f"{path}: contradicts itself: {error}; a card is written by `robust-dml audit` alone"
        ) from error


def _require_seed(card: Card, seed: OfSeed, classes: NDArray[np.int64]) -> None:
    if [at.epsilon for at in seed.radii] != card.radii or str(seed.seed) not in card.model.weights:
        raise ValueError(f"seed {seed.seed}: has other radii than the first, or no hash of weights")
    for at in seed.radii:
        found = mean_interval(at.outcome(card.data.scored).astype(np.float64), classes)
        stated = (at.recall.value, at.recall.low, at.recall.high)
        for name, value, expected in zip(
            ("recall@1", "its lower end", "its upper end"), stated, (found.estimate, found.low, found.high), strict=True
        ):
            if value is None or not math.isclose(value, expected, abs_tol=ROUNDING):
                raise ValueError(
                    f"seed {seed.seed}, epsilon {at.epsilon:g}: {name} is {value}, its queries give {expected}"
                )
