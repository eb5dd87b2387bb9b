"""VisualPhishNet (Abdelnabi, Krombholz & Fritz, CCS 2020), as in the released code of arXiv 2102.07265.

visualphishnet: {kind: visualphishnet, embedding: 512, weights: imagenet}
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from robust_dml.models.flops import gflop_by_area
from robust_dml.records import Backbone, Weights
from robust_dml.runtime.lazy import torch

if TYPE_CHECKING:
    from robust_dml.config.training import BackboneConfig

VGG16 = [64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool"]


def visualphishnet(config: BackboneConfig) -> torch.nn.Module:
    """Return VGG16's features, a 3x3 convolution to the embedding, ReLU, mean over positions; 512-d in the original."""
    nn = torch.nn
    head = nn.Sequential(
        nn.Conv2d(512, config.embedding, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    return nn.Sequential(OrderedDict(trunk=nn.Sequential(OrderedDict(features=_vgg16_features())), head=head))


def _vgg16_features() -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    inputs = 3
    for layer in VGG16:
        if isinstance(layer, int):
            layers += [torch.nn.Conv2d(inputs, layer, 3, padding=1), torch.nn.ReLU(inplace=True)]
            inputs = layer
        else:
            layers.append(torch.nn.MaxPool2d(2))
    return torch.nn.Sequential(*layers)


ENTRY = Backbone(
    label="VisualPhishNet",
    summary="VGG16's features, a 3x3 convolution, ReLU, mean over positions",
    build=visualphishnet,
    gflop=gflop_by_area(15.406),  # counted by torch.utils.flop_counter
    imagenet=Weights(  # torchvision's IMAGENET1K_V1 of VGG16
        file="vgg16-397923af.pth",
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        size=553_433_881,
    ),
)
