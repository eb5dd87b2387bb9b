"""ResNet18 (He et al., CVPR 2016).

resnet18: {kind: resnet18, embedding: 128, weights: imagenet, normalize: imagenet}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.models.flops import gflop_by_area
from robust_dml.models.head import with_head
from robust_dml.records import Backbone, Weights
from robust_dml.runtime.lazy import torch

if TYPE_CHECKING:
    from robust_dml.config.training import BackboneConfig


def resnet18(config: BackboneConfig) -> torch.nn.Module:
    """Return ResNet18: 512 features, linear head."""
    from robust_dml.models.resnet import BasicBlock, ResNet

    return with_head(ResNet(BasicBlock, [2, 2, 2, 2]), 512, config.embedding)


ENTRY = Backbone(
    label="ResNet18",
    summary="torchvision's architecture and names of weights, without the import of torchvision",
    build=resnet18,
    gflop=gflop_by_area(1.814),  # counted by torch.utils.flop_counter
    imagenet=Weights(  # torchvision's IMAGENET1K_V1
        file="resnet18-f37072fd.pth",
        sha256="f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
        size=46_830_571,
    ),
)
