"""Triplet margin loss (Schroff et al., CVPR 2015), as pytorch-metric-learning defines it: plain distances."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import relu

from robust_dml.losses.pairs import mean_of_non_zero, pair_distances, prepare
from robust_dml.miners.triplets import Triplets


class TripletLoss:
    """Mean of non-zero [D(a,p) - D(a,n) + margin]_+.

    `power` is applied to the distances; `normalize_embeddings` puts them on the unit sphere first.
    """

    def __init__(self, margin: float = 0.2, power: float = 1, normalize_embeddings: bool = True) -> None:
        self.margin = margin
        self.power = power
        self.normalize_embeddings = normalize_embeddings

    def __call__(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """The loss of tuples of embeddings (B, d), a scalar."""
        exact = prepare(embeddings, self.normalize_embeddings)
        positive = pair_distances(exact, triplets.anchor, triplets.positive, self.power)
        negative = pair_distances(exact, triplets.anchor, triplets.negative, self.power)
        return mean_of_non_zero(relu(positive - negative + self.margin))
