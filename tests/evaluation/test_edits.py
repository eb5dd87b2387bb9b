"""Edits: functions of image and id, at least 14 at five severities, each stronger than the one before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from robust_dml.evaluation.edits import EDITS, edited
from robust_dml.evaluation.threats.edits import EditsOptions

FIVE = [name for name in EDITS if name != "flip"]


def photographs(count: int, side: int = 32) -> Tensor:
    """Smooth random images with some detail, uint8 (count, 3, side, side)."""
    found = []
    for seed in range(count):
        generator = np.random.default_rng(seed)
        coarse = Image.fromarray(generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((side, side))
        noise = generator.normal(0, 8, (side, side, 3))
        found.append(torch.from_numpy(np.clip(np.asarray(coarse) + noise, 0, 255).astype(np.uint8)).permute(2, 0, 1))
    return torch.stack(found)


def change(name: str, severity: int, images: Tensor) -> float:
    after = edited(name, images, severity, list(range(len(images))))
    return float((after.double() - images.double()).abs().mean())


def test_there_are_enough_and_the_options_name_them_all() -> None:
    assert len(FIVE) >= 14 and all(len(EDITS[name].strengths) == 5 for name in FIVE)
    assert EditsOptions().edits == list(EDITS)


@pytest.mark.parametrize("name", EDITS)
def test_the_same_bytes_in_any_batch_and_order(name: str) -> None:
    images, ids = photographs(6), [40, 7, 3, 99, 12, 5]
    together = edited(name, images, 3, ids)
    assert together.dtype == torch.uint8 and together.shape == images.shape
    order = [4, 0, 5, 2, 1, 3]
    assert torch.equal(edited(name, images[order], 3, [ids[i] for i in order]), together[order])
    alone = torch.cat([edited(name, images[i : i + 1], 3, ids[i : i + 1]) for i in range(6)])
    assert torch.equal(alone, together)


@pytest.mark.parametrize("name", FIVE)
@pytest.mark.parametrize("side", [32, 64])
def test_each_severity_changes_more_than_the_last(name: str, side: int) -> None:
    images = photographs(24, side)
    changes = [change(name, severity, images) for severity in range(1, 6)]
    assert 0 < changes[0] < 0.75 * changes[4]
    assert all(later > 0.98 * earlier for earlier, later in pairwise(changes)), changes


def test_the_images_given_are_left_as_they_are() -> None:
    images = photographs(2)
    before = images.clone()
    for name in EDITS:
        edited(name, images, 5, [0, 1])
    assert torch.equal(images, before)


def test_random_edits_differ_between_ids() -> None:
    image = photographs(1).expand(2, -1, -1, -1)
    for name in ("gaussian-noise", "shot-noise", "impulse-noise", "overlay", "shift"):
        first, second = edited(name, image, 3, [1, 2])
        assert not torch.equal(first, second)


def test_flip_twice_is_nothing() -> None:
    images = photographs(3)
    assert torch.equal(edited("flip", edited("flip", images, 1, [0, 1, 2]), 5, [0, 1, 2]), images)
