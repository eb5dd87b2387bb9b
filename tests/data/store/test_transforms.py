"""Test crops against torchvision's v2 transforms, to the bit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from robust_dml.config.data import TransformConfig
from robust_dml.data.store import transforms
from robust_dml.data.store.transforms import resized, stored_size

sides = st.integers(8, 400)


def image_of(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


@settings(max_examples=40, deadline=None)
@given(sides, sides, st.sampled_from([(224, 256), (64, 72), (16, 16), (8, 9), (33, 50)]))
def test_test_crop_is_resize_and_center_crop(width: int, height: int, sizes: tuple[int, int]) -> None:
    size, resize = sizes
    image = image_of(width, height)
    expected = v2.Compose([v2.Resize(resize), v2.CenterCrop(size)])(image)
    config = TransformConfig(size=size, resize=resize)
    np.testing.assert_array_equal(np.asarray(transforms.test_crop(image, config)), np.asarray(expected))


def test_photograph_is_what_the_released_transform_makes_of_it() -> None:
    from torchvision.transforms import CenterCrop, Compose, Resize

    stream = io.BytesIO()
    image_of(50, 37).resize((500, 375), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    photograph = Image.open(stream).convert("RGB")
    expected = Compose([Resize(256), CenterCrop(224)])(photograph)
    np.testing.assert_array_equal(np.asarray(transforms.test_crop(photograph, TransformConfig())), np.asarray(expected))


@given(sides, sides)
def test_the_crop_of_a_huge_image_is_that_of_the_whole_within_a_level(width: int, height: int) -> None:
    image, config = image_of(width, height), TransformConfig(size=33, resize=50)
    expected = np.asarray(transforms.test_crop(image, config)).astype(int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transforms, "LARGEST", 0)
        found = np.asarray(transforms.test_crop(image, config)).astype(int)
    assert np.abs(found - expected).max() <= 1


def test_squeeze_is_resize_to_a_square() -> None:
    image = image_of(300, 120)
    config = TransformConfig(size=64, resize=64, aspect="squeeze")
    np.testing.assert_array_equal(
        np.asarray(transforms.test_crop(image, config)), np.asarray(v2.Resize((64, 64))(image))
    )


@given(sides, sides, st.integers(1, 500))
def test_resized_is_the_size_that_torchvision_computes(width: int, height: int, side: int) -> None:
    from torchvision.transforms.functional import _compute_resized_output_size

    tall, wide = _compute_resized_output_size((height, width), [side])
    assert resized(width, height, side) == (wide, tall)


@given(sides, sides, st.integers(1, 500))
def test_stored_images_are_never_enlarged(width: int, height: int, side: int) -> None:
    wide, tall = stored_size(width, height, side)
    assert wide <= width and tall <= height
    assert min(wide, tall) == min(side, width, height)


def test_stored_image_is_resized() -> None:
    image = image_of(90, 60)
    np.testing.assert_array_equal(np.asarray(transforms.stored_image(image, 30)), np.asarray(v2.Resize(30)(image)))
    np.testing.assert_array_equal(np.asarray(transforms.stored_image(image, 60)), np.asarray(image))


@pytest.mark.parametrize("box", [(0, 0, 40, 30), (5, 7, 20, 21)])
def test_resized_crop_is_that_of_torchvision(box: tuple[int, int, int, int]) -> None:
    image = image_of(50, 45)
    expected = v2.functional.resized_crop(image, *box, [32, 32])
    np.testing.assert_array_equal(np.asarray(transforms.resized_crop(image, box, 32)), np.asarray(expected))
