"""VisualPhishNet (Abdelnabi, Krombholz & Fritz, CCS 2020), as the paper's released code ports it to PyTorch."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from robust_dml.config.training import BackboneConfig

VGG16 = [64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool"]


def visualphishnet(config: BackboneConfig) -> nn.Module:
    """VGG16's features, a 3x3 convolution to the embedding, ReLU, mean over positions; 512-d in the original."""
    head = nn.Sequential(
        nn.Conv2d(512, config.embedding, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    return nn.Sequential(OrderedDict(trunk=nn.Sequential(OrderedDict(features=_vgg16_features())), head=head))


def _vgg16_features() -> nn.Sequential:
    layers: list[nn.Module] = []
    inputs = 3
    for layer in VGG16:
        if isinstance(layer, int):
            layers += [nn.Conv2d(inputs, layer, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = layer
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
