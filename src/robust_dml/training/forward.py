"""Forward passes of a training step, in the configured precision and with BatchNorm folded."""

from __future__ import annotations

import torch
from torch import Tensor

from robust_dml.config.training import OptimisationConfig
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.folding import FoldedModel, FrozenEmbedding, has_batchnorm
from robust_dml.runtime.errors import UserError

PRECISIONS = {"fp32": None, "tf32": None, "bf16": torch.bfloat16}


class ForwardPasses:
    """A model and its weights as one step uses them: folded and cast once, by `refresh`.

    Where BatchNorm is live, embedding with gradient runs the model itself in training mode, and an image's embedding
    depends on its batch (`independent` is False); attacks use the running statistics.
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
        """Fold and cast the model's current weights; call it once per step, before the first pass."""
        self.weights = self.folded.weights(self.dtype)
        self.constants = {name: weight.detach() for name, weight in self.weights.items()}

    def embed(self, images: Tensor) -> Tensor:
        """Return embeddings (B, d) of images (B, 3, H, W), differentiable in the model's weights."""
        images = images.contiguous(memory_format=self.format)
        if self.independent:
            return self.forward(self.weights, images)
        self.model.train()
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.dtype is not None):
            embeddings: Tensor = self.model(images)
        self.model.eval()
        return embeddings.float()

    def embed_constant(self, images: Tensor) -> Tensor:
        """Return embeddings (B, d) with the weights as constants, differentiable in the images (B, 3, H, W) alone."""
        return self.forward(self.constants, images.contiguous(memory_format=self.format))

    def exact(self) -> FrozenEmbedding:
        """Return the current model in float32 and eval mode, for evaluation."""
        return FrozenEmbedding(self.folded, self.format)


def require_frozen(forward: ForwardPasses, processes: int) -> None:
    """Raise UserError if live BatchNorm would compute statistics of each process's part of the batch alone."""
    if processes > 1 and not forward.independent:
        raise UserError("several processes need `freeze_batchnorm: true`: BatchNorm would use a part of each batch")
