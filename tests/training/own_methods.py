"""Methods of a user, named in studies as training.own_methods:NAME."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from robust_dml.models.embedding import EmbeddingModel
from robust_dml.records import Method
from robust_dml.runtime.randomness import torch_generator
from robust_dml.training.methods import PlainMethod
from robust_dml.training.step import TrainingStep


def one_point(step: TrainingStep, weight: float = 1.0) -> Tensor:
    """Pull all embeddings to their mean."""
    embeddings = step.embed(step.images)
    return weight * (embeddings - embeddings.mean(0)).square().sum()


class Remembering(PlainMethod):
    """Scales each loss by a running mean of those before, and pulls embeddings to proxies of their classes."""

    def prepare(self, model: EmbeddingModel, classes: int, seed: int) -> None:
        """Start without a memory, with random proxies (classes, 8)."""
        draws = torch.randn(classes, 8, generator=torch_generator(seed, "proxies"))
        self.proxies = nn.Parameter(draws)
        self.mean, self.count = torch.zeros(()), torch.zeros((), dtype=torch.int64)

    def loss(self, step: TrainingStep) -> Tensor:
        """The study's loss, as much as the memory says, and the distance to the proxies."""
        embeddings = step.embed(step.images)
        to_proxies = (embeddings - self.proxies[step.labels]).square().mean()
        loss = step.loss(embeddings, step.labels, step.mine(embeddings))
        self.mean = 0.9 * self.mean + 0.1 * loss.detach()
        self.count = self.count + 1
        return loss * (1 + self.mean / self.count) + to_proxies

    def parameters(self) -> dict[str, nn.Parameter]:
        """The proxies."""
        return {"proxies": self.proxies}

    def state(self) -> dict[str, Tensor]:
        """The running mean of the losses, and their number."""
        return {"mean": self.mean, "count": self.count}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore them."""
        self.mean, self.count = state["mean"], state["count"]


REMEMBERING = Method(
    label="remembering",
    summary="a method with a memory and weights of its own",
    family="rival",
    build=lambda options: Remembering(),
    passes=lambda config, attack: 3,
)
