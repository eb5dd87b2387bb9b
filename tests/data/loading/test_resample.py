from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robust_dml.data.loading.resample import crop_and_resize, crop_and_resize_all

BOXES = np.array([[0, 0, 12, 10], [3, 2, 8, 7], [11, 0, 1, 10], [0, 4, 12, 3], [5, 5, 1, 1]])


def images_of(count: int, height: int = 12, width: int = 10) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def by_pillow(image: np.ndarray, box: np.ndarray, size: int) -> np.ndarray:
    top, left, height, width = box
    crop = Image.fromarray(image).crop((left, top, left + width, top + height))
    return np.asarray(crop.resize((size, size), Image.Resampling.BILINEAR))


@pytest.mark.parametrize("size", [4, 8, 16, 30])
def test_both_ways_agree_with_pillow_within_a_level(size: int) -> None:
    images = images_of(len(BOXES))
    batch = crop_and_resize_all(images, BOXES, np.zeros(len(BOXES), dtype=bool), size)
    for image, box, found in zip(images, BOXES, batch, strict=True):
        expected = by_pillow(image, box, size).astype(int)
        assert np.abs(found - expected).max() <= 1
        assert np.abs(crop_and_resize(image, box, size) - expected).max() <= 1


def test_large_images_agree_with_pillow_within_a_level() -> None:
    image = images_of(1, 256, 341)[0]
    box = np.array([10, 20, 200, 250])
    assert np.abs(crop_and_resize(image, box, 224).astype(int) - by_pillow(image, box, 224)).max() <= 1


def test_identity_crop_changes_nothing() -> None:
    images = images_of(3, 16, 16)
    boxes = np.tile([0, 0, 16, 16], (3, 1))
    np.testing.assert_array_equal(crop_and_resize_all(images, boxes, np.zeros(3, dtype=bool), 16), images)
    np.testing.assert_array_equal(crop_and_resize(images[0], boxes[0], 16), images[0])


def test_flips_mirror_left_and_right() -> None:
    images, flips = images_of(len(BOXES)), np.array([True, False, True, True, False])
    plain = crop_and_resize_all(images, BOXES, np.zeros_like(flips), 9)
    mirrored = crop_and_resize_all(images, BOXES, flips, 9)
    np.testing.assert_array_equal(mirrored[flips], plain[flips][:, :, ::-1])
    np.testing.assert_array_equal(mirrored[~flips], plain[~flips])


def test_an_image_does_not_depend_on_its_batch() -> None:
    images, boxes = images_of(60), np.tile(BOXES, (12, 1))
    together = crop_and_resize_all(images, boxes, np.zeros(60, dtype=bool), 16)
    for i in range(0, 60, 7):
        alone = crop_and_resize_all(images[i : i + 1], boxes[i : i + 1], np.zeros(1, dtype=bool), 16)
        np.testing.assert_array_equal(alone[0], together[i])


def test_white_stays_white_and_black_black() -> None:
    images = np.stack([np.full((12, 10, 3), 255, np.uint8), np.zeros((12, 10, 3), np.uint8)])
    found = crop_and_resize_all(images, BOXES[1:3], np.zeros(2, dtype=bool), 7)
    assert (found[0] == 255).all() and (found[1] == 0).all()
