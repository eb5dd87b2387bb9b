"""A ranking attack on some queries of a gallery, once its items are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from robust_dml.attacks.objectives import Objective
from robust_dml.attacks.ranking import choices
from robust_dml.retrieval.distances import wide
from robust_dml.retrieval.items import Items
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor, torch

Loss = Callable[[Tensor, Tensor], Tensor]
"""Embeddings (B, d) of the queries at `rows` (B,) of a posed attack to losses (B,)."""


@dataclass(frozen=True)
class Asked:
    """Clean queries (Q) and gallery (N) on one device, and a seed for each query."""

    queries: Items
    gallery: Items
    seeds: Tensor
    as_released: bool = False
    """With the bugs of the released code."""

    @cached_property
    def x(self) -> Tensor:
        """The clean queries (Q, d) on the unit sphere."""
        return unit(self.queries.embeddings)

    @cached_property
    def items(self) -> Tensor:
        """The gallery (N, d) on the unit sphere."""
        return unit(self.gallery.embeddings)

    @cached_property
    def own(self) -> Tensor:
        """The position (Q,) of each query in the gallery. Raises UserError if one is not there."""
        itself = self.queries.ids[:, None] == self.gallery.ids
        if not bool(itself.any(1).all()):
            raise UserError("ranking attacks need a gallery that holds the queries")
        return itself.long().argmax(1)

    @cached_property
    def same(self) -> Tensor:
        """Whether (Q, N) an item has the query's class."""
        return self.queries.labels[:, None] == self.gallery.labels

    @cached_property
    def neighbours(self) -> Tensor:
        """The ranking (Q, N - 1) of the clean queries, without themselves."""
        return choices.ranking(self.x, self.items, None if self.as_released else self.own)

    @property
    def excluded(self) -> Tensor | None:
        """What a draw from the whole gallery leaves out; nothing as released."""
        return None if self.as_released else self.own


@dataclass(frozen=True)
class Posed(Objective):
    """What an attack maximises, and how its outcome is scored; both take embeddings (B, d) as the model gives them."""

    loss: Loss
    score: Callable[[Tensor], Mapping[str, Tensor]]
    """Embeddings (Q, d) of all queries to a value (Q,) of each number of the attack."""
    index: Tensor
    """The queries (B,) that this objective is about."""

    def __call__(self, embeddings: Tensor) -> Tensor:
        """Return minus the loss (B,)."""
        return -self.loss(unit(embeddings), self.index)

    def rows(self, index: Tensor) -> Posed:
        """Return the same attack on some of its queries."""
        return Posed(self.loss, self.score, self.index[index])

    def scores(self, embeddings: Tensor) -> dict[str, Tensor]:
        """Return each number of the attack, float64 (Q,), for embeddings (Q, d) of all queries."""
        return {name: value.double() for name, value in self.score(unit(embeddings)).items()}


def pose(asked: Asked, loss: Loss, score: Callable[[Tensor], Mapping[str, Tensor]]) -> Posed:
    """Return an attack on all the queries of `asked`."""
    return Posed(loss, score, torch.arange(len(asked.queries), device=asked.x.device))


def unit(embeddings: Tensor) -> Tensor:
    """Return embeddings (B, d) in float32 or better, on the unit sphere."""
    return torch.nn.functional.normalize(wide(embeddings))
