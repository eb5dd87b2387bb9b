"""The forward passes of a training step, at the precision of the study and no dearer than they must be."""

from __future__ import annotations

import torch
from torch import Tensor

from robust_dml.config.training import OptimisationConfig
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.folding import FoldedModel, FrozenEmbedding, has_batchnorm
from robust_dml.runtime.errors import UserError

PRECISIONS = {"fp32": None, "tf32": None, "bf16": torch.bfloat16}


class Network:
    """A model and its weights as one step uses them: folded and cast once, by `refresh`.

    Where BatchNorm is live, embedding with gradient goes through the model itself in training mode, and an
    image's embedding depends on its batch (`independent` is False); attacks see the running statistics.
    """

    def __init__(self, model: EmbeddingModel, optimisation: OptimisationConfig, *, freeze_batchnorm: bool) -> None:
        self.model = model
        self.independent = freeze_batchnorm or not has_batchnorm(model)
        self.dtype = PRECISIONS[optimisation.precision]
        self.format = torch.channels_last if optimisation.channels_last else torch.contiguous_format
        model.eval().to(memory_format=self.format)  # type: ignore[call-overload]
        self.folded = FoldedModel(model)
        self.forward = torch.compile(self.folded) if optimisation.compile else self.folded
        self.refresh()

    def refresh(self) -> None:
        """Fold and cast the model's present weights; to be called once per step, before the first pass."""
        self.weights = self.folded.weights(self.dtype)
        self.constants = {name: weight.detach() for name, weight in self.weights.items()}

    def embed(self, images: Tensor) -> Tensor:
        """Embeddings (B, d) of images (B, 3, H, W), differentiable in the model's weights."""
        images = images.contiguous(memory_format=self.format)
        if self.independent:
            return self.forward(self.weights, images)
        self.model.train()
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.dtype is not None):
            embeddings: Tensor = self.model(images)
        self.model.eval()
        return embeddings.float()

    def embed_constant(self, images: Tensor) -> Tensor:
        """The same with the weights as constants: differentiable in the images alone, as an attack needs it."""
        return self.forward(self.constants, images.contiguous(memory_format=self.format))

    def exact(self) -> FrozenEmbedding:
        """The present model in float32 and eval mode, for evaluation."""
        return FrozenEmbedding(self.folded, self.format)


def require_frozen(network: Network, processes: int) -> None:
    """Raise UserError if live BatchNorm would see each process's part of the batch alone."""
    if processes > 1 and not network.independent:
        raise UserError("several processes need `freeze_batchnorm: true`: BatchNorm would see a part of each batch")
