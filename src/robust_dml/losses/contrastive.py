"""Contrastive loss (Hadsell, Chopra & LeCun, CVPR 2006), as pytorch-metric-learning defines it.

contrastive: {kind: contrastive, pos_margin: 0.0, neg_margin: 1.0}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.losses.pairs import mean_of_non_zero, pair_distances, prepare
from robust_dml.miners.triplets import Triplets
from robust_dml.records import Loss
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Number


class ContrastiveLoss(Options):
    """Mean of non-zero [D(a,p) - pos_margin]_+ plus mean of non-zero [neg_margin - D(a,n)]_+."""

    pos_margin: Number = Field(0, ge=0, description="distance up to which a positive costs nothing")
    neg_margin: Number = Field(1, ge=0, description="distance from which a negative costs nothing")
    power: Number = Field(1, gt=0, description="exponent of the distances")
    normalize_embeddings: bool = Field(True, description="put embeddings on the unit sphere first")

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """Return the loss of tuples of embeddings (B, d), a scalar; exactly 0 for fewer than two, as in the library."""
        exact = prepare(embeddings, self.normalize_embeddings)
        if len(triplets.anchor) < 2:
            return exact.sum() * 0
        positive = pair_distances(exact, triplets.anchor, triplets.positive, self.power)
        negative = pair_distances(exact, triplets.anchor, triplets.negative, self.power)
        near, far = torch.relu(positive - self.pos_margin), torch.relu(self.neg_margin - negative)
        return mean_of_non_zero(near) + mean_of_non_zero(far)


ENTRY = Loss(
    label="contrastive",
    summary="positives closer than one margin, negatives farther than another (Hadsell et al., CVPR 2006)",
    options=ContrastiveLoss,
    build=lambda options: options,  # the loss is its options
)
