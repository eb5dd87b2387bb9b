"""Triplet margin loss (Schroff et al., CVPR 2015), as pytorch-metric-learning defines it: distances are not squared.

triplet: {kind: triplet, margin: 0.2}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.losses.pairs import mean_of_non_zero, pair_distances, prepare
from robust_dml.miners.triplets import Triplets
from robust_dml.records import Loss
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Number


class TripletLoss(Options):
    """Mean of non-zero [D(a,p) - D(a,n) + margin]_+."""

    margin: Number = Field(0.2, ge=0, description="by which a negative should be farther than a positive")
    power: Number = Field(1, gt=0, description="exponent of the distances")
    normalize_embeddings: bool = Field(True, description="put embeddings on the unit sphere first")

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """Return the loss of tuples of embeddings (B, d), a scalar."""
        exact = prepare(embeddings, self.normalize_embeddings)
        positive = pair_distances(exact, triplets.anchor, triplets.positive, self.power)
        negative = pair_distances(exact, triplets.anchor, triplets.negative, self.power)
        return mean_of_non_zero(torch.relu(positive - negative + self.margin))


ENTRY = Loss(
    label="triplet",
    summary="positives closer than negatives by a margin (Schroff et al., CVPR 2015)",
    options=TripletLoss,
    build=lambda options: options,  # the loss is its options
)
