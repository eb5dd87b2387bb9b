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

from robust_dml.retrieval.by_label import nearest_of_kinds
from robust_dml.retrieval.distances import distance, wide

NEIGHBOURS = 16  # of each kind that the gradient of the margin heeds
TEMPERATURE = 0.05  # of its soft minimum, relative to the smallest distance

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

    It is above zero exactly where the nearest neighbour is wrong. Neighbours are chosen anew at each call, so they
    follow the attack. The value is exact; the gradient is that of a soft minimum over the 16 nearest of each kind,
    which does not jump between neighbours as the attack moves and makes PGD stronger. A query is not its
    own positive: items whose id is the query's are left out.

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
    """See `margin`. A query without a positive only moves to its negatives, and the other way round."""

    query_labels: Tensor
    gallery_embeddings: Tensor
    gallery_labels: Tensor
    query_ids: Tensor | None
    gallery_ids: Tensor | None

    def __call__(self, embeddings: Tensor) -> Tensor:
        # Without a gradient the one nearest of each kind is all that the value heeds.
        positives, negatives = self.nearest(embeddings, NEIGHBOURS if torch.is_grad_enabled() else 1)
        to_positive, smooth_to_positive = self._distance(embeddings, positives)
        to_negative, smooth_to_negative = self._distance(embeddings, negatives)
        # The value is the exact margin, the gradient that of the smooth one.
        smooth = smooth_to_positive - smooth_to_negative
        return smooth + (to_positive - to_negative - smooth).detach()

    def nearest(self, embeddings: Tensor, k: int = NEIGHBOURS) -> tuple[Tensor, Tensor]:
        """Gallery positions (B, k) of the nearest positives and the nearest negatives; -1 where there is none."""
        return nearest_of_kinds(
            wide(embeddings.detach()),
            self.query_labels,
            self.gallery_embeddings,
            self.gallery_labels,
            k,
            query_ids=self.query_ids,
            gallery_ids=self.gallery_ids,
        )

    def rows(self, index: Tensor) -> Objective:
        ids = None if self.query_ids is None else self.query_ids[index]
        return replace(self, query_labels=self.query_labels[index], query_ids=ids)

    def _distance(self, embeddings: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """The smallest distance (B,) to the items at `positions` (B, k), exact and smooth; 0 where there is none."""
        distances = distance(embeddings[:, None], self.gallery_embeddings[positions])
        distances = torch.where(positions >= 0, distances, torch.inf)
        smallest = distances.amin(1)
        scale = TEMPERATURE * smallest.detach().clamp(torch.finfo(smallest.dtype).tiny, 1e9)[:, None]
        smooth = -scale[:, 0] * torch.logsumexp(-distances / scale, 1)
        exists = positions[:, 0] >= 0
        return smallest.where(exists, 0), smooth.where(exists, 0)
