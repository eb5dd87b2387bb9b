"""Contrastive loss (Hadsell, Chopra & LeCun, CVPR 2006), as pytorch-metric-learning defines it."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import relu

from robust_dml.losses.pairs import mean_of_non_zero, pair_distances, prepare
from robust_dml.miners.triplets import Triplets


class ContrastiveLoss:
    """Mean of non-zero [D(a,p) - pos_margin]_+ plus mean of non-zero [neg_margin - D(a,n)]_+.

    `power` is applied to the distances; `normalize_embeddings` puts them on the unit sphere first.
    """

    def __init__(
        self, pos_margin: float = 0, neg_margin: float = 1, power: float = 1, normalize_embeddings: bool = True
    ) -> None:
        self.pos_margin = pos_margin
        self.neg_margin = neg_margin
        self.power = power
        self.normalize_embeddings = normalize_embeddings

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """The loss of tuples of embeddings (B, d), a scalar; exactly 0 for fewer than two, as in the library."""
        exact = prepare(embeddings, self.normalize_embeddings)
        if len(triplets.anchor) < 2:
            return exact.sum() * 0
        positive = pair_distances(exact, triplets.anchor, triplets.positive, self.power)
        negative = pair_distances(exact, triplets.anchor, triplets.negative, self.power)
        return mean_of_non_zero(relu(positive - self.pos_margin)) + mean_of_non_zero(relu(self.neg_margin - negative))
