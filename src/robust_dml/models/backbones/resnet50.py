"""ResNet50 (He et al., CVPR 2016); the backbone of arXiv 2102.07265.

resnet50: {kind: resnet50, embedding: 128, weights: imagenet, normalize: imagenet}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.models.flops import gflop_by_area
from robust_dml.models.head import with_head
from robust_dml.records import Backbone, Weights
from robust_dml.runtime.lazy import torch

if TYPE_CHECKING:
    from robust_dml.config.training import BackboneConfig


def resnet50(config: BackboneConfig) -> torch.nn.Module:
    """Return ResNet50: 2,048 features, linear head."""
    from robust_dml.models.resnet import Bottleneck, ResNet

    return with_head(ResNet(Bottleneck, [3, 4, 6, 3]), 2048, config.embedding)


ENTRY = Backbone(
    label="ResNet50",
    summary="torchvision's architecture and names of weights, without the import of torchvision",
    build=resnet50,
    gflop=gflop_by_area(4.087),  # counted by torch.utils.flop_counter
    imagenet=Weights(  # torchvision's IMAGENET1K_V1
        file="resnet50-0676ba61.pth",
        sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
        size=102_530_333,
    ),
)
