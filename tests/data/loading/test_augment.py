"""Random crops against a naive restatement, and against the law of torchvision's own."""

from __future__ import annotations

import math

import numpy as np
import torch
from torchvision.transforms import v2

from robust_dml.data.loading.augment import training_boxes, training_flips
from robust_dml.runtime.randomness import sample_seeds, uniform

SCALE = (0.6, 1.0)


def seeds_of(count: int, name: str = "test") -> torch.Tensor:
    return sample_seeds(torch.arange(count), name)


def boxes_of(count: int, height: int, width: int, scale: tuple[float, float] = SCALE) -> np.ndarray:
    sizes = torch.full((count,), height), torch.full((count,), width)
    return training_boxes(seeds_of(count), *sizes, scale).numpy()


def naive_box(seed: torch.Tensor, height: int, width: int, scale: tuple[float, float]) -> tuple[int, int, int, int]:
    draws = uniform(seed[None], (10, 4))[0].double().tolist()
    for area, ratio, top, left in draws:
        target = height * width * (scale[0] + (scale[1] - scale[0]) * area)
        aspect = math.exp(math.log(3 / 4) + (math.log(4 / 3) - math.log(3 / 4)) * ratio)
        wide, tall = round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))
        if 0 < wide <= width and 0 < tall <= height:
            return int(top * (height - tall + 1)), int(left * (width - wide + 1)), tall, wide
    if width / height < 3 / 4:
        wide, tall = width, round(width / (3 / 4))
    elif width / height > 4 / 3:
        wide, tall = round(height * (4 / 3)), height
    else:
        wide, tall = width, height
    return (height - tall) // 2, (width - wide) // 2, tall, wide


def test_boxes_are_those_of_the_algorithm() -> None:
    seeds = seeds_of(200)
    for height, width in [(40, 30), (8, 8), (375, 500), (20, 100), (100, 20), (1, 1)]:
        boxes = training_boxes(seeds, torch.full((200,), height), torch.full((200,), width), SCALE)
        assert boxes.tolist() == [list(naive_box(seed, height, width, SCALE)) for seed in seeds]


def test_boxes_of_images_that_differ_in_size() -> None:
    heights, widths = torch.randint(1, 300, (2, 300), generator=torch.Generator().manual_seed(0))
    boxes = training_boxes(seeds_of(300), heights, widths, (0.08, 1.0))
    assert (boxes >= 0).all() and (boxes[:, 2:] > 0).all()
    assert (boxes[:, 0] + boxes[:, 2] <= heights).all() and (boxes[:, 1] + boxes[:, 3] <= widths).all()


def test_long_image_falls_back_to_the_centre() -> None:
    assert boxes_of(5, 10, 100, (1.0, 1.0)).tolist() == [[0, 43, 10, 13]] * 5


def test_law_is_that_of_random_resized_crop() -> None:
    count, height, width = 4000, 120, 160
    crop = v2.RandomResizedCrop(224, scale=SCALE)
    image = [torch.empty(3, height, width)]
    torch.manual_seed(0)
    params = [crop.make_params(image) for _ in range(count)]
    theirs = np.array([[p["top"], p["left"], p["height"], p["width"]] for p in params])
    ours = boxes_of(count, height, width)
    spread = theirs.std(axis=0) / math.sqrt(count)
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 5 * spread).all()
    np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.06)
    np.testing.assert_allclose(np.corrcoef(ours.T), np.corrcoef(theirs.T), atol=0.08)


def test_box_depends_on_its_own_seed_alone() -> None:
    seeds = seeds_of(50)
    sizes = torch.full((50,), 64), torch.full((50,), 48)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    together = training_boxes(seeds, *sizes, SCALE)
    shuffled = training_boxes(seeds[order], *sizes, SCALE)
    assert torch.equal(shuffled, together[order])


def test_flips() -> None:
    seeds = seeds_of(4000)
    assert not training_flips(seeds, 0.0).any() and training_flips(seeds, 1.0).all()
    assert abs(training_flips(seeds, 0.3).float().mean().item() - 0.3) < 0.03
    left_half = boxes_of(4000, 100, 100)[:, 1] < 10
    assert abs(np.corrcoef(left_half, training_flips(seeds, 0.5).numpy())[0, 1]) < 0.05
