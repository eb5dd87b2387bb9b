"""Distance-weighted sampling (Wu et al., ICCV 2017, section 4): negatives as if distances were uniform.

On the unit sphere of dimension d, random pairs have distance density q(D) ~ D^(d-2) (1 - D^2/4)^((d-3)/2);
a negative is drawn with probability proportional to 1 / q(D). The probabilities are those of pytorch-metric-learning's
DistanceWeightedMiner since 0.9.97; tests compare the two.

miner: {kind: distance-weighted, cutoff: 0.5, nonzero_loss_cutoff: 1.4}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.miners.triplets import Triplets
from robust_dml.records import Miner
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Number


class DistanceWeightedMiner(Options):
    """For each anchor, as many tuples as its class has members: positive uniform, negative by distance.

    An anchor without a possible negative, or alone in its class, gets no tuple.
    """

    cutoff: Number = Field(0.5, ge=0, description="lower bound of the distances, against rare very near negatives")
    nonzero_loss_cutoff: Number = Field(1.4, gt=0, description="distance from which a negative is never drawn")

    def __call__(self, embeddings: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
        """Return tuples of embeddings (B, d) with labels (B,); random draws come from `generator`, on the CPU."""
        same = labels[:, None] == labels[None, :]
        with torch.no_grad():
            weights = negative_weights(embeddings, same, self.cutoff, self.nonzero_loss_cutoff)
        positives = same.fill_diagonal_(False)
        kept = (weights.sum(1) > 0) & positives.any(1)
        counts = positives[kept].sum(1) + 1
        anchor = kept.nonzero().flatten().repeat_interleave(counts)
        positive = _draw(positives[kept], counts, generator)
        negative = _draw(weights[kept], counts, generator)
        return Triplets(anchor, positive, negative)


def negative_weights(embeddings: Tensor, same: Tensor, cutoff: float, nonzero_loss_cutoff: float) -> Tensor:
    """Return unnormalised probabilities (B, B) that the column is drawn as negative of the row; `same` marks one class.

    One maximum is subtracted for the whole batch, with same-class entries at zero, as in the library: a row far below
    the maximum underflows to zero and is dropped.
    """
    unit = torch.nn.functional.normalize(embeddings)
    d = float(unit.shape[1])
    distance = torch.cdist(unit, unit).clamp(min=cutoff)
    log_weights = (2 - d) * distance.log() - (d - 3) / 2 * (1 - distance.square() / 4).log()
    finite = log_weights.isfinite()
    log_weights = log_weights.masked_fill(same, 0)
    largest = log_weights.masked_fill(~finite, -torch.inf).max()
    allowed = ~same & finite & (distance < nonzero_loss_cutoff)
    return (log_weights - largest).exp().masked_fill(~allowed, 0)


def _draw(weights: Tensor, counts: Tensor, generator: torch.Generator) -> Tensor:
    """Draw `counts` (A,) columns for each row of weights (A, B), whose sums are positive, by inversion.

    Returns them one row after another, (sum of counts,). Computed on the CPU, since cumulative sums on a GPU differ
    from run to run.
    """
    cumulative = weights.double().cpu().cumsum(1)
    wanted = torch.arange(int(counts.amax()) if len(counts) else 0) < counts.cpu()[:, None]
    uniform = torch.zeros(wanted.shape, dtype=torch.float64)
    uniform[wanted] = torch.rand(int(wanted.sum()), generator=generator).double()
    drawn = torch.searchsorted(cumulative, uniform * cumulative[:, -1:], right=True)
    return drawn[wanted].to(weights.device)


ENTRY = Miner(
    label="distance-weighted",
    summary="negatives drawn as if distances were uniform (Wu et al., ICCV 2017)",
    options=DistanceWeightedMiner,
    build=lambda options: options,  # the miner is its options
)
