"""The first convolution's gradient in the pixels, against autograd's of the plain convolution."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from robust_dml.models.image_convolution import ImageConvolution

SHAPES = [  # kernel, stride, padding, height, width
    (3, 2, 1, 16, 16),
    (7, 2, 3, 32, 32),
    (7, 2, 3, 33, 30),
    (3, 2, 1, 7, 9),
    (4, 2, 1, 8, 8),
    (2, 2, 0, 9, 8),
    (5, 3, 1, 17, 16),
    (3, 3, 0, 11, 10),
    (1, 2, 0, 6, 5),
    (11, 4, 2, 40, 39),
    (3, 2, 3, 9, 8),
    (4, 4, 0, 16, 16),
]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["NCHW", "NHWC"])
@pytest.mark.parametrize(("kernel", "stride", "padding", "height", "width"), SHAPES)
def test_equals_the_plain_convolution(
    kernel: int, stride: int, padding: int, height: int, width: int, layout: torch.memory_format
) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 5, kernel, stride, padding, dtype=torch.float64)
    ours = ImageConvolution.like(plain).double()
    ours.load_state_dict(plain.state_dict())
    images = torch.randn(2, 3, height, width, dtype=torch.float64).contiguous(memory_format=layout).requires_grad_()
    expected, found = plain(images), ours(images)
    assert torch.equal(found, expected)
    upstream = torch.randn_like(expected)
    for a, b in zip(
        torch.autograd.grad(found, [images, *ours.parameters()], upstream),
        torch.autograd.grad(expected, [images, *plain.parameters()], upstream),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_without_bias_and_with_constant_weights() -> None:
    plain = nn.Conv2d(3, 4, 3, 2, 1, bias=False).requires_grad_(False)
    ours = ImageConvolution.like(plain).requires_grad_(False)
    ours.load_state_dict(plain.state_dict())
    images = torch.rand(2, 3, 8, 8, requires_grad=True)
    (a,), (b,) = (torch.autograd.grad(model(images).sum(), images) for model in (ours, plain))
    torch.testing.assert_close(a, b)


@pytest.mark.parametrize(
    ("module", "fits"),
    [
        (nn.Conv2d(3, 8, 3, stride=2, padding=1), True),
        (nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), True),
        (nn.Conv2d(3, 8, 3, padding=1), False),
        (nn.Conv2d(16, 8, 3, stride=2), False),
        (nn.Conv2d(3, 8, (3, 5), stride=2), False),
        (nn.Conv2d(3, 8, 3, stride=(2, 1)), False),
        (nn.Conv2d(3, 8, 3, stride=2, dilation=2), False),
        (nn.Conv2d(3, 9, 3, stride=2, groups=3), False),
        (nn.Conv2d(3, 8, 3, stride=2, padding=1, padding_mode="reflect"), False),
        (nn.Conv2d(3, 8, 3, padding="same"), False),
        (nn.ConvTranspose2d(3, 8, 3, stride=2), False),
    ],
)
def test_which_convolutions_it_stands_in_for(module: nn.Module, fits: bool) -> None:
    assert ImageConvolution.fits(module) is fits
