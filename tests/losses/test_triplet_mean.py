"""The mean over all tuples against torch's own loss."""

from __future__ import annotations

import pytest
import torch

from robust_dml.config.training import LossConfig
from robust_dml.losses import build_loss
from robust_dml.miners import Triplets


@pytest.mark.parametrize("margin", [0.2, 1.0])
def test_it_is_torchs_triplet_margin_loss(margin: float) -> None:
    embeddings = torch.randn(15, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    triplets = Triplets(*torch.arange(15).chunk(3))
    found = build_loss(LossConfig(kind="triplet-mean", margin=margin))(embeddings, torch.zeros(15), triplets)
    unit = torch.nn.functional.normalize(embeddings)
    expected = torch.nn.functional.triplet_margin_loss(*unit.chunk(3), margin=margin)
    assert float(found) == pytest.approx(float(expected), rel=1e-12)


def test_a_margin_of_zero_is_allowed() -> None:
    embeddings = torch.eye(3, dtype=torch.float64)
    loss = build_loss(LossConfig(kind="triplet-mean", margin=0))
    assert float(loss(embeddings, torch.zeros(3), Triplets(*torch.arange(3).chunk(3)))) == pytest.approx(0, abs=1e-9)
