"""REST (Zhou et al., TPAMI 2024): EST's embedding shift in the slots of ACT.

Positives and negatives move, each alone, away from their own clean embeddings, from a random start; the anchor stays
clean. As released, distances are torch's, with 1e-6 added to each component, and the start is the clean image, so that
the first step follows the all-ones direction of the embedding for every image (see est.py).

rest: {method: rest, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from robust_dml.miners.triplets import Triplets
from robust_dml.records import Method
from robust_dml.runtime.lazy import torch
from robust_dml.training.batch_defence import shift_away
from robust_dml.training.defence import DefenceOptions, Members, TupleDefence, passes_of
from robust_dml.training.inner import only_pgd

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


@dataclass(frozen=True)
class Rest(TupleDefence):
    """The method."""

    as_released: bool

    def moved(self, step: TrainingStep, triplets: Triplets) -> Members:
        """Return the images of the tuples, positive and negative shifted."""
        images = Members.of(step.images, triplets)
        shifted = shift_away(step, torch.cat([images.positive, images.negative]), self.as_released)
        return images.replaced(("positive", "negative"), shifted)


ENTRY = Method(
    label="REST",
    summary="positive and negative are moved away from their own clean embeddings (Zhou et al., TPAMI 2024)",
    options=DefenceOptions,
    family="rival",
    build=lambda options: Rest(options.as_released),
    passes=passes_of(2),
    attacks=True,
    refuses=only_pgd,
)
