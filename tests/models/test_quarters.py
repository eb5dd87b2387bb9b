"""Pooling of the small network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from robust_dml.models.quarters import Quarters


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (2, 3, 5, 2), (1, 2, 1, 3)])
def test_quarters_are_the_windows_of_adaptive_pooling(shape: tuple[int, ...]) -> None:
    maps = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(Quarters()(maps), nn.AdaptiveAvgPool2d(2)(maps).flatten(1))
