"""Miners of pytorch-metric-learning that a study names by their class."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from pytorch_metric_learning import miners
from torch.nn.functional import normalize

from robust_dml.config.training import MinerConfig
from robust_dml.miners import build_miner
from robust_dml.miners.library import find

EMBEDDINGS = normalize(torch.randn(12, 4, generator=torch.Generator().manual_seed(0)))
LABELS = torch.arange(4).repeat_interleave(3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_miner_of_triplets() -> None:
    config = MinerConfig(kind="TripletMarginMiner", margin=0.3)
    ours = build_miner(config)(EMBEDDINGS, LABELS, generator())
    theirs = miners.TripletMarginMiner(margin=0.3)(EMBEDDINGS, LABELS)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_pairs_become_triplets() -> None:
    mined = build_miner(MinerConfig(kind="MultiSimilarityMiner"))(EMBEDDINGS, LABELS, generator())
    assert len(mined.anchor) > 0
    assert (LABELS[mined.anchor] == LABELS[mined.positive]).all()
    assert (LABELS[mined.anchor] != LABELS[mined.negative]).all()


def test_the_librarys_draws_come_from_the_generator() -> None:
    miner = build_miner(MinerConfig(kind="DistanceWeightedMiner"))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, again = miner(EMBEDDINGS, LABELS, generator(1)), miner(EMBEDDINGS, LABELS, generator(1))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", [name for name, value in vars(miners).items() if isinstance(value, type)])
def test_what_the_sources_say_of_a_miner_is_true(name: str) -> None:
    record = find(name)
    assert (record is None) == (name == "BaseMiner")
    if record is not None:
        defaults = {key: field.default for key, field in record.options.model_fields.items()}
        getattr(miners, name)(**{key: value for key, value in defaults.items() if value is not None})
        record.build(record.options())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "hardest"}, "no such miner"),
        ({"kind": "distance-weighted", "cut": 1}, "cut: unknown key"),
        ({"kind": "distance-weighted", "cutoff": -1}, "greater than or equal to 0"),
        ({"kind": "TripletMarginMiner", "cut": 1}, "cut: unknown key"),
    ],
)
def test_mistakes_are_found_when_the_study_is_read(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MinerConfig(**keys)  # type: ignore[arg-type]
