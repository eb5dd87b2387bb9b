"""Mining and loss at the paper's batch: the library's miner and loss against ours, of the same sampling law."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.row import Row, compare
from benchmarks.worker import Call, Way

if TYPE_CHECKING:
    from torch import Tensor

HERE = "benchmarks.rows.mining"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row."""
    row, _ = compare(
        "mining and loss, batch 112, d 128",
        Call(f"{HERE}:released", settled=False),
        Call(f"{HERE}:ours"),
        goal=8,
        rounds=5 if quick else 20,
    )
    yield row


def ours() -> Way:
    """Miner, one tuple per anchor, contrastive loss."""
    import torch

    from robust_dml.losses.contrastive import ContrastiveLoss
    from robust_dml.miners import at_most_per_anchor
    from robust_dml.miners.distance_weighted import DistanceWeightedMiner

    embeddings, labels = _batch()
    miner, loss, generator = DistanceWeightedMiner(), ContrastiveLoss(neg_margin=1), torch.Generator()
    return lambda: loss(
        embeddings, labels, at_most_per_anchor(miner(embeddings, labels, generator), 1, generator)
    ).item()


def released() -> Way:
    """The same by the library, and one tuple per anchor as the released code takes it."""
    from pytorch_metric_learning.losses import ContrastiveLoss
    from pytorch_metric_learning.miners import DistanceWeightedMiner

    from benchmarks.released import one_per_anchor

    embeddings, labels = _batch()
    miner, loss = DistanceWeightedMiner(cutoff=0.5, nonzero_loss_cutoff=1.4), ContrastiveLoss(neg_margin=1)
    return lambda: loss(embeddings, labels, one_per_anchor(miner(embeddings, labels))).item()


def _batch() -> tuple[Tensor, Tensor]:
    import torch

    generator = torch.Generator().manual_seed(0)
    embeddings = torch.nn.functional.normalize(torch.randn(112, 128, generator=generator))
    return embeddings.requires_grad_(True), torch.arange(56).repeat_interleave(2)
