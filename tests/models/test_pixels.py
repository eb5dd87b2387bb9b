"""Pixels as an embedding."""

import torch

from robust_dml.models.pixels import Pixels

IMAGES = torch.rand(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def test_the_embedding_is_the_image() -> None:
    assert torch.equal(Pixels(remove_contrast=False)(IMAGES), IMAGES.reshape(5, 48))


def test_brightness_and_contrast_change_nothing_once_removed() -> None:
    embed = Pixels(remove_contrast=True)
    torch.testing.assert_close(embed(0.3 * IMAGES + 0.2), embed(IMAGES))
    for row in embed(IMAGES):
        assert abs(float(row.sum())) < 1e-5 and abs(float(row.norm()) - 1) < 1e-6


def test_a_flat_image_has_a_finite_embedding() -> None:
    assert torch.equal(Pixels(remove_contrast=True)(torch.full((1, 3, 4, 4), 0.5)), torch.zeros(1, 48))
