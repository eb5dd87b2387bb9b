"""Distance-weighted sampling (Wu et al., ICCV 2017, section 4): negatives as if distances were uniform.

On the unit sphere of dimension d, random pairs have distance density q(D) ~ D^(d-2) (1 - D^2/4)^((d-3)/2);
a negative is drawn with probability proportional to 1 / q(D). The law is that of pytorch-metric-learning's
DistanceWeightedMiner since 0.9.97, which the tests hold it against.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from robust_dml.miners.triplets import Triplets


class DistanceWeightedMiner:
    """For each anchor, as many tuples as its class has members: positive uniform, negative by distance.

    `cutoff` bounds the distance below, against the variance of very near negatives; a negative farther than
    `nonzero_loss_cutoff` is never drawn. An anchor with no candidate, or alone in its class, gets no tuple.
    """

    def __init__(self, cutoff: float = 0.5, nonzero_loss_cutoff: float = 1.4) -> None:
        self.cutoff = cutoff
        self.nonzero_loss_cutoff = nonzero_loss_cutoff

    @torch.no_grad()
    def __call__(self, embeddings: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
        """Mine embeddings (B, d) with labels (B,); the draws come from `generator`, on the CPU."""
        same = labels[:, None] == labels[None, :]
        weights = negative_weights(embeddings, same, self.cutoff, self.nonzero_loss_cutoff)
        positives = same.fill_diagonal_(False)
        kept = (weights.sum(1) > 0) & positives.any(1)
        counts = positives[kept].sum(1) + 1
        anchor = kept.nonzero().flatten().repeat_interleave(counts)
        positive = _draw(positives[kept], counts, generator)
        negative = _draw(weights[kept], counts, generator)
        return Triplets(anchor, positive, negative)


def negative_weights(embeddings: Tensor, same: Tensor, cutoff: float, nonzero_loss_cutoff: float) -> Tensor:
    """Unnormalised probability (B, B) that the column is drawn as the row's negative; `same` marks one class.

    One maximum is subtracted for the whole batch, with same-class entries at zero, as the library does: a row
    far below it underflows to zero and is dropped.
    """
    unit = functional.normalize(embeddings)
    d = float(unit.shape[1])
    distance = torch.cdist(unit, unit).clamp(min=cutoff)
    log_weights = (2 - d) * distance.log() - (d - 3) / 2 * (1 - distance.square() / 4).log()
    finite = log_weights.isfinite()
    log_weights = log_weights.masked_fill(same, 0)
    largest = log_weights.masked_fill(~finite, -torch.inf).max()
    allowed = ~same & finite & (distance < nonzero_loss_cutoff)
    return (log_weights - largest).exp().masked_fill(~allowed, 0)


def _draw(weights: Tensor, counts: Tensor, generator: torch.Generator) -> Tensor:
    """`counts` (A,) columns for each row of weights (A, B), whose sums are positive, by inversion: (sum of counts,).

    On the CPU, since a GPU's cumulative sums are not the same at each run.
    """
    cumulative = weights.double().cpu().cumsum(1)
    wanted = torch.arange(int(counts.amax()) if len(counts) else 0) < counts.cpu()[:, None]
    uniform = torch.zeros(wanted.shape, dtype=torch.float64)
    uniform[wanted] = torch.rand(int(wanted.sum()), generator=generator).double()
    drawn = torch.searchsorted(cumulative, uniform * cumulative[:, -1:], right=True)
    return drawn[wanted].to(weights.device)
