"""The model that is trained, attacked and evaluated: images in, points on the unit sphere out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class EmbeddingModel(nn.Module):
    """Maps images (B, 3, H, W), float in [0, 1], to embeddings (B, d), float32 or better.

    The normalisation of the inputs is part of the model, so that an epsilon is in pixels of [0, 1]. The network
    computes in the type of its weights; what comes after it, in float32 at least.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, *, normalize: str = "none", normalize_embedding: bool = True) -> None:
        super().__init__()
        self.network = network
        self.normalize = normalize
        self.normalize_embedding = normalize_embedding
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W)."""
        if self.normalize == "imagenet":
            images = (images - self.mean) / self.std
        embeddings = self.network(images.to(next(self.network.parameters(), images).dtype))
        exact = embeddings if embeddings.dtype == torch.float64 else embeddings.float()
        return functional.normalize(exact) if self.normalize_embedding else exact
