"""RAMD, relaxed AMD (released code of Zhou & Patel, CVPR 2022): AMD with a clean anchor.

The inner problem maximises the mean of d(a, p~) - d(a, n~). As released, distances are torch's, with 1e-6 added to each
component, and the anchor is as the model gives it, not on the unit sphere; the latter matters only for a backbone with
`normalize_embedding: false`.

ramd: {method: ramd, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from robust_dml.miners.triplets import Triplets
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.defence import (
    DefenceOptions,
    Members,
    TupleDefence,
    distance_of,
    hardness,
    move,
    passes_of,
)
from robust_dml.training.inner import only_pgd

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


@dataclass(frozen=True)
class Ramd(TupleDefence):
    """The method."""

    as_released: bool

    def moved(self, step: TrainingStep, triplets: Triplets) -> Members:
        """Return the images of the tuples, positive and negative as hard as possible for the clean anchor."""
        measure = distance_of(self.as_released)
        raw = step.embed_fixed(step.images)[triplets.anchor] if self.as_released else None

        def ease(moved: Members, clean: Members) -> Tensor:
            return -hardness(moved if raw is None else moved._replace(anchor=raw), measure).mean()

        return move(step, triplets, ("positive", "negative"), ease)


ENTRY = Method(
    label="RAMD",
    summary="positive and negative are moved jointly to make the tuple as hard as possible for its clean anchor",
    options=DefenceOptions,
    family="rival",
    build=lambda options: Ramd(options.as_released),
    passes=passes_of(2),
    attacks=True,
    refuses=only_pgd,
)
