"""Several networks as one: its embedding is the mean of theirs, each on the unit sphere."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from robust_dml.models.embedding import EmbeddingModel
from robust_dml.runtime.errors import UserError


class Ensemble(nn.Module):
    """Networks from (B, 3, H, W) to (B, d)."""

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) -> (B, d)."""
        return torch.stack([functional.normalize(member(images)) for member in self.members]).mean(0)


def members_of(model: EmbeddingModel) -> list[EmbeddingModel]:
    """Return each network of an ensemble as a model of its own, with the same weights.

    Raises UserError if the model is no ensemble.
    """
    if not isinstance(model.network, Ensemble):
        raise UserError("trainings: this method trains several networks; take a backbone of kind ensemble")
    device = model.mean.device
    return [EmbeddingModel(member, normalize=model.normalize).to(device) for member in model.network.members]
