"""The first look at an encoder: what a pass keeps, and the batch that fits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from robust_dml.auditing.inspection import bytes_kept, fitting_batch
from robust_dml.models.embedding import EmbeddingModel


def test_bytes_kept_grow_with_the_images() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Flatten())
    model = EmbeddingModel(network).eval().requires_grad_(False)
    images = torch.rand(2, 3, 8, 8)
    one, two = bytes_kept(model, images[:1]), bytes_kept(model, images)
    # beside the weights: the output of ReLU, which normalisation keeps too, is at least one copy of 4 maps of 8 x 8
    assert two - one >= 4 * 4 * 8 * 8


@pytest.mark.parametrize(("per_image", "expected"), [(1, 128), (2**20, 128), (2**21, 128), (2**22, 64), (2**40, 1)])
def test_a_batch_takes_a_quarter_of_the_memory(per_image: int, expected: int) -> None:
    assert fitting_batch(per_image, memory=2**30) == expected
