"""A first look at an encoder, before any image is prepared: does it run, and how many images fit into memory?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from robust_dml.config.training import BackboneConfig
from robust_dml.models.build import build_model
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.hardware import memory_bytes

LARGEST_BATCH = 128
SHARE = 0.25  # of the memory, for what a pass keeps for its gradient; kernels and copies need the rest
PROBES = 2


@dataclass(frozen=True)
class Inspected:
    """The dimension of the embeddings, the largest of their norms, and the images that fit into a batch."""

    dimension: int
    norm: float
    batch: int


def inspect_encoder(backbone: BackboneConfig, size: int, *, seed: int, data_root: Path, device: str) -> Inspected:
    """Embed two images of noise, size x size. Raises UserError if that fails or the embeddings are not finite."""
    model = build_model(backbone, seed=seed, data_root=data_root).requires_grad_(False)
    draws = torch.Generator().manual_seed(seed)
    images = torch.rand(PROBES, 3, size, size, generator=draws)
    with torch.no_grad():
        bare = EmbeddingModel(model.network, normalize=backbone.normalize, normalize_embedding=False)(images)
    if not torch.isfinite(bare).all():
        raise UserError("the embeddings of two images of noise are not finite; the encoder cannot be evaluated")
    kept = bytes_kept(model, images) - bytes_kept(model, images[:1])
    return Inspected(bare.shape[1], float(bare.norm(dim=1).max()), fitting_batch(kept, memory_bytes(device)))


def bytes_kept(model: EmbeddingModel, images: Tensor) -> int:
    """Return the bytes that a forward pass keeps for the gradient with respect to images (B, 3, H, W)."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        embeddings = model(images.clone().requires_grad_())
    del embeddings
    return sum(kept.values())


def fitting_batch(per_image: int, memory: int) -> int:
    """Return the largest power of two, at most 128, of images whose passes take a share of the memory, in bytes."""
    batch = LARGEST_BATCH
    while batch > 1 and batch * per_image > SHARE * memory:
        batch //= 2
    return batch
