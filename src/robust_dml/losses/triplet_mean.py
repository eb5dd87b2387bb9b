"""Triplet loss as the released code of ACT, HM and others computes it (robrank): torch's triplet_margin_loss.

The mean is over all tuples, those without loss included, and 1e-6 is added to each component of a difference.

triplet-mean: {kind: triplet-mean, margin: 0.2}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.losses.pairs import prepare
from robust_dml.miners.triplets import Triplets
from robust_dml.records import Loss
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Number


class TripletMeanLoss(Options):
    """Mean of [D(a,p) - D(a,n) + margin]_+ over all tuples."""

    margin: Number = Field(0.2, ge=0, description="by which a negative should be farther than a positive")
    normalize_embeddings: bool = Field(True, description="put embeddings on the unit sphere first")

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """Return the loss of tuples of embeddings (B, d), a scalar."""
        exact = prepare(embeddings, self.normalize_embeddings)
        anchor, positive, negative = (exact[rows] for rows in triplets)
        return triplet_hinge(anchor, positive, negative, self.margin).mean()


def triplet_hinge(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """Return [D(a,p) - D(a,n) + margin]_+ (T,) of embeddings (T, d), with torch's distance.

    torch.nn.functional.triplet_margin_loss refuses a margin of 0.
    """
    measure = torch.nn.functional.pairwise_distance
    return torch.relu(measure(anchor, positive) - measure(anchor, negative) + margin)


ENTRY = Loss(
    label="triplet, mean over all",
    summary="triplet loss whose mean includes the tuples without loss, as torch's triplet_margin_loss",
    options=TripletMeanLoss,
    build=lambda options: options,  # the loss is its options
)
