"""A network's first convolution, with a gradient in the pixels that an attack need not wait for.

Where a convolution strides, the gradient in its input is a transposed convolution, which the CPU's library computes
at a tenth of its speed when the input has the three channels of an image. Sorted by the input's place modulo the
stride, it is a convolution without stride, of stride^2 times the channels: the sub-pixel convolution of Shi et al.
(CVPR 2016), there to enlarge images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d, pad

CHANNELS = 4  # of an image; with sixteen the transposed convolution is as fast


class ImageConvolution(nn.Conv2d):
    """The same function of images (B, C, H, W) as the convolution that it is made `like`."""

    @classmethod
    def like(cls, other: nn.Conv2d) -> ImageConvolution:
        """A convolution of the same shape, on the same device; its weights are its own."""
        return cls(
            other.in_channels,
            other.out_channels,
            other.kernel_size[0],
            other.stride[0],
            int(other.padding[0]),
            bias=other.bias is not None,
            device=other.weight.device,
        )

    @staticmethod
    def fits(module: nn.Module) -> bool:
        """Whether `module` is a strided convolution of an image, alike in both directions."""
        return (
            type(module) is nn.Conv2d
            and module.in_channels <= CHANNELS
            and module.stride[0] > 1
            and (module.groups, module.dilation, module.padding_mode) == (1, (1, 1), "zeros")
            and all(isinstance(size, tuple) and len(set(size)) == 1 for size in _sizes(module))
        )

    def forward(self, images: Tensor) -> Tensor:
        """Convolve images (B, C, H, W)."""
        if not images.requires_grad or images.device.type != "cpu":
            return super().forward(images)
        convolve: Callable[..., Tensor] = _Convolve.apply
        return convolve(images, self.weight, self.bias, self.stride[0], int(self.padding[0]))


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.stride, ctx.padding = stride, padding
        return conv2d(images, weight, bias, stride, padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, weight = ctx.saved_tensors
        in_images, in_weight, in_bias = ctx.needs_input_grad[:3]
        found: list[Tensor | None] = [None, None, None]
        if in_images:
            found[0] = gradient_in_images(gradient, weight, ctx.stride, ctx.padding, images.shape[2:])
        if in_weight or in_bias:
            places = [ctx.stride] * 2, [ctx.padding] * 2, [1, 1], False, [0, 0], 1
            wanted = [False, in_weight, in_bias]
            backward = torch.ops.aten.convolution_backward
            _, *found[1:] = backward(gradient, images, weight, [len(weight)], *places, wanted)
        return (*found, None, None)


def gradient_in_images(gradient: Tensor, weight: Tensor, stride: int, padding: int, size: torch.Size) -> Tensor:
    """The gradient in a convolution's input, (B, C, *size), from that in its output (B, D, h, w).

    Pixel stride * i + a of the input meets, through tap t of the kernel, pixel i + u of the output, where
    t = a + padding - stride * u: for each a, a convolution along i with every stride-th tap in reverse.
    """
    outputs, inputs, taps = weight.shape[:3]
    first, last = -((taps - 1 - padding) // stride), (stride - 1 + padding) // stride  # u, over all a
    count = last - first + 1
    before = stride * last - padding
    after = stride * count - taps - before
    sorted_taps = pad(weight, (before, after, before, after)).view(outputs, inputs, count, stride, count, stride)
    kernel = sorted_taps.flip(2, 4).permute(3, 5, 1, 0, 2, 4).reshape(-1, outputs, count, count)
    below, right = (-(-pixels // stride) + last - own for pixels, own in zip(size, gradient.shape[2:], strict=True))
    spread = conv2d(pad(gradient, (-first, right, -first, below)), kernel)
    parts = spread.permute(0, 2, 3, 1).reshape(*spread.shape[:1], *spread.shape[2:], stride, stride, inputs)
    whole = parts.transpose(2, 3).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)
    return whole[:, :, : size[0], : size[1]]


def _sizes(module: nn.Conv2d) -> tuple[Any, ...]:
    return module.kernel_size, module.stride, module.padding
