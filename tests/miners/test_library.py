"""Miners named in a study."""

from __future__ import annotations

import pytest
import torch
from pytorch_metric_learning import miners
from torch.nn.functional import normalize

from robust_dml.config.training import MinerConfig
from robust_dml.miners import build_miner
from robust_dml.runtime.errors import UserError

EMBEDDINGS = normalize(torch.randn(12, 4, generator=torch.Generator().manual_seed(0)))
LABELS = torch.arange(4).repeat_interleave(3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_miner_of_triplets() -> None:
    config = MinerConfig(kind="TripletMarginMiner", options={"margin": 0.3})
    ours = build_miner(config)(EMBEDDINGS, LABELS, generator())
    theirs = miners.TripletMarginMiner(margin=0.3)(EMBEDDINGS, LABELS)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_pairs_become_triplets() -> None:
    mined = build_miner(MinerConfig(kind="MultiSimilarityMiner", options={}))(EMBEDDINGS, LABELS, generator())
    assert len(mined.anchor) > 0
    assert (LABELS[mined.anchor] == LABELS[mined.positive]).all()
    assert (LABELS[mined.anchor] != LABELS[mined.negative]).all()


def test_the_librarys_draws_come_from_the_generator() -> None:
    miner = build_miner(MinerConfig(kind="DistanceWeightedMiner", options={}))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, again = miner(EMBEDDINGS, LABELS, generator(1)), miner(EMBEDDINGS, LABELS, generator(1))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (MinerConfig(kind="hardest", options={}), "no such miner"),
        (MinerConfig(kind="distance-weighted", options={"cut": 1}), "cut"),
        (MinerConfig(kind="TripletMarginMiner", options={"cut": 1}), "cut"),
    ],
)
def test_mistakes_are_one_line(config: MinerConfig, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_miner(config)
