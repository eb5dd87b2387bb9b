"""What an attack maximises: a function of the embeddings, one value per sample, no hinge and no batch mean.

References are constants. Distances are Euclidean, in float32 or better whatever the model's precision, and
their gradient at distance zero is zero, not NaN.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from robust_dml.retrieval.distances import distance, wide
from robust_dml.retrieval.kinds import nearest_of_kinds

Function = Callable[[Tensor], Tensor]


class Objective(ABC):
    """A function of embeddings (B, d) with values (B,), to be maximised; `+` adds two of them."""

    @abstractmethod
    def __call__(self, embeddings: Tensor) -> Tensor:
        """The value of each sample."""

    @abstractmethod
    def rows(self, index: Tensor) -> Objective:
        """The same objective for some of the samples."""

    def __add__(self, other: Objective) -> Objective:
        return _Sum(self, other)


def repel(references: Tensor) -> Objective:
    """The distance to `references` (B, d): the own clean embedding, or a positive."""
    return _Distance(wide(references.detach()), 1)


def attract(references: Tensor) -> Objective:
    """Minus the distance to `references` (B, d), such as a negative."""
    return _Distance(wide(references.detach()), -1)


def margin(
    query_labels: Tensor,
    gallery_embeddings: Tensor,
    gallery_labels: Tensor,
    *,
    query_ids: Tensor | None = None,
    gallery_ids: Tensor | None = None,
) -> Margin:
    """The top-1 margin: distance to the nearest positive minus distance to the nearest negative in the gallery.

    It is above zero exactly where the nearest neighbour is wrong. Both neighbours are chosen anew at each
    call, so they follow the attack. A query is not its own positive: items whose id is the query's are left out.

    Args:
        query_labels: (B,) labels of the samples under attack.
        gallery_embeddings: (N, d); gallery_labels: (N,).
        query_ids, gallery_ids: (B,) and (N,); both or neither.
    """
    if (query_ids is None) != (gallery_ids is None):
        raise ValueError("give query_ids and gallery_ids, or neither")
    return Margin(query_labels, wide(gallery_embeddings.detach()), gallery_labels, query_ids, gallery_ids)


@dataclass(frozen=True)
class _Distance(Objective):
    references: Tensor
    sign: int

    def __call__(self, embeddings: Tensor) -> Tensor:
        if embeddings.shape != self.references.shape:
            raise ValueError(f"embeddings {tuple(embeddings.shape)}, references {tuple(self.references.shape)}")
        return self.sign * distance(embeddings, self.references)

    def rows(self, index: Tensor) -> Objective:
        return replace(self, references=self.references[index])


@dataclass(frozen=True)
class _Sum(Objective):
    first: Objective
    second: Objective

    def __call__(self, embeddings: Tensor) -> Tensor:
        return self.first(embeddings) + self.second(embeddings)

    def rows(self, index: Tensor) -> Objective:
        return _Sum(self.first.rows(index), self.second.rows(index))


@dataclass(frozen=True)
class Margin(Objective):
    """See `margin`. A query without a positive only moves to its negative, and the other way round."""

    query_labels: Tensor
    gallery_embeddings: Tensor
    gallery_labels: Tensor
    query_ids: Tensor | None
    gallery_ids: Tensor | None

    def __call__(self, embeddings: Tensor) -> Tensor:
        positive, negative = self.nearest(embeddings)
        return self._distance(embeddings, positive) - self._distance(embeddings, negative)

    def nearest(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Gallery positions (B,) of the nearest positive and the nearest negative; -1 where there is none."""
        return nearest_of_kinds(
            wide(embeddings.detach()),
            self.query_labels,
            self.gallery_embeddings,
            self.gallery_labels,
            query_ids=self.query_ids,
            gallery_ids=self.gallery_ids,
        )

    def rows(self, index: Tensor) -> Objective:
        ids = None if self.query_ids is None else self.query_ids[index]
        return replace(self, query_labels=self.query_labels[index], query_ids=ids)

    def _distance(self, embeddings: Tensor, positions: Tensor) -> Tensor:
        found = distance(embeddings, self.gallery_embeddings[positions])
        return torch.where(positions >= 0, found, 0 * found)
