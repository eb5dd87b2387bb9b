"""ResNet (He et al., CVPR 2016) with torchvision's architecture and names of weights.

Written out here since importing torchvision takes longer than importing torch; a test compares the two.
"""

from __future__ import annotations

from torch import Tensor, nn, relu_


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) -> (B, width, H / stride, W / stride)."""
        out = relu_(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return relu_(out.add_(x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut; the 3x3 one strides, as in torchvision."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = _convolution(width, 4 * width, 1)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = _shortcut(inputs, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) -> (B, 4 width, H / stride, W / stride)."""
        out = relu_(self.bn1(self.conv1(x)))
        out = relu_(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return relu_(out.add_(x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """The trunk: (B, 3, H, W) -> (B, 512 * expansion) features."""

    def __init__(self, block: type[BasicBlock] | type[Bottleneck], depths: list[int]) -> None:
        super().__init__()
        self.conv1 = _convolution(3, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        wide = 64 * block.expansion
        self.layer1 = _stage(block, 64, 64, depths[0], stride=1)
        self.layer2 = _stage(block, wide, 128, depths[1], stride=2)
        self.layer3 = _stage(block, 2 * wide, 256, depths[2], stride=2)
        self.layer4 = _stage(block, 4 * wide, 512, depths[3], stride=2)
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, H, W) -> (B, features)."""
        x = self.maxpool(relu_(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean((2, 3))


def _stage(
    block: type[BasicBlock] | type[Bottleneck], inputs: int, width: int, depth: int, *, stride: int
) -> nn.Sequential:
    rest = [block(width * block.expansion, width, 1) for _ in range(depth - 1)]
    return nn.Sequential(block(inputs, width, stride), *rest)


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module | None:
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


def _initialise(model: nn.Module) -> None:
    """Apply He initialisation to the convolutions, as in torchvision."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
