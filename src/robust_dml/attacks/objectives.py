"""The objectives that attacks maximise: a function of the embeddings, one value per sample, no hinge and no batch mean.

References are constants. Distances are Euclidean, in float32 or better whatever the model's precision, and
their gradient at distance zero is zero, not NaN.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from robust_dml.retrieval.by_label import Kinds, Nearest, nearest_by_label, nearest_wrong_label
from robust_dml.retrieval.distances import distance, wide
from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch

NEIGHBOURS = 16  # of each label that enter the gradient of the margin
TEMPERATURE = 0.05  # of its soft minimum, relative to the smallest distance

Function = Callable[[Tensor], Tensor]


class Objective(ABC):
    """A function of embeddings (B, d) with values (B,), to be maximised; `+` adds two of them."""

    @abstractmethod
    def __call__(self, embeddings: Tensor) -> Tensor:
        """Return the value (B,) of each sample."""

    @abstractmethod
    def rows(self, index: Tensor) -> Objective:
        """Return the same objective for some of the samples."""

    def __add__(self, other: Objective) -> Objective:
        return _Sum(self, other)


def repel(references: Tensor) -> Objective:
    """Return the distance to `references` (B, d): the own clean embedding, or a positive."""
    return _Distance(wide(references.detach()), 1)


def attract(references: Tensor) -> Objective:
    """Return minus the distance to `references` (B, d), such as a negative."""
    return _Distance(wide(references.detach()), -1)


def margin(queries: Items, gallery: Items) -> Margin:
    """Return the top-1 margin: distance to the nearest positive minus distance to the nearest negative.

    It is above zero exactly where the nearest neighbour is wrong. Neighbours are chosen again at each call, so they
    follow the attack. The value is exact; the gradient is that of a soft minimum over the 16 nearest of each label,
    which does not jump between neighbours as the attack moves and makes PGD stronger. A query is not its own positive:
    items with its id are left out. Of `queries`, only labels and ids are used.
    """
    constant = gallery.embedded_as(wide(gallery.embeddings.detach()))
    return Margin(queries, constant)


def targeted_margin(queries: Items, gallery: Items, rank: int) -> TargetedMargin:
    """Return the margin to one wrong class: distance to the nearest positive minus distance to that class.

    The class is the `rank`-th nearest of the clean queries, 1 for the nearest, by its nearest item; the last one for a
    gallery with fewer classes. The class stays, its nearest item is chosen again at each call. It is above zero only
    where the nearest neighbour is wrong. Gradient and ids as in `margin`; embeddings of `queries` are clean.
    """
    constant = gallery.embedded_as(wide(gallery.embeddings.detach()))
    return TargetedMargin(queries, constant, nearest_wrong_label(queries, constant, rank))


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

    queries: Items
    gallery: Items

    def __call__(self, embeddings: Tensor) -> Tensor:
        # Without a gradient only the nearest positive and the nearest negative matter.
        k = NEIGHBOURS if torch.is_grad_enabled() and embeddings.requires_grad else 1
        with torch.no_grad():
            positives, negatives = self.nearest(embeddings, k)
            values = self._distance(embeddings, positives) - self._distance(embeddings, negatives)
            if k == 1:
                return values
            uphill = self._gradient(embeddings, positives) - self._gradient(embeddings, negatives)
        # The value is the exact margin, the gradient that of the smooth one.
        linear = (wide(embeddings) * uphill).sum(1)
        return values + (linear - linear.detach())

    def nearest(self, embeddings: Tensor, k: int = NEIGHBOURS) -> tuple[Nearest, Nearest]:
        """Return the nearest `k` positives and the nearest `k` negatives of each query."""
        queries = self.queries.embedded_as(embeddings.detach())
        return nearest_by_label(queries, self.gallery, k, self.kinds)

    @cached_property
    def kinds(self) -> Kinds:
        """Which items are the positives and the negatives of each query; labels are compared once."""
        return Kinds.of(self.queries, self.gallery)

    def rows(self, index: Tensor) -> Margin:
        return replace(self, queries=self.queries.rows(index))

    def _distance(self, embeddings: Tensor, nearest: Nearest) -> Tensor:
        """Return the distance (B,) to the first of the nearest items; 0 where there is none."""
        first = nearest.positions[:, 0]
        return distance(embeddings, self.gallery.embeddings[first]).where(first >= 0, 0)

    def _gradient(self, embeddings: Tensor, nearest: Nearest) -> Tensor:
        """Return the gradient (B, d) of the soft minimum of the distances; 0 where there is no item."""
        queries = wide(embeddings)
        # Below this a distance from a product has no digits, and the quotient would be noise.
        resolved = torch.finfo(queries.dtype).eps ** 0.5 * queries.norm(dim=1, keepdim=True)
        distances = nearest.distances.maximum(resolved).clamp_min(torch.finfo(queries.dtype).tiny)
        scale = TEMPERATURE * distances[:, :1].clamp_max(1e9)
        shares = torch.softmax(-distances / scale, 1) / distances
        shares = shares.masked_fill(nearest.positions < 0, 0)
        towards = torch.nn.functional.embedding_bag(
            nearest.positions.clamp_min(0), self.gallery.embeddings, per_sample_weights=shares, mode="sum"
        )
        return queries * shares.sum(1, keepdim=True) - towards


@dataclass(frozen=True)
class TargetedMargin(Margin):
    """See `targeted_margin`; `target` (B,) is the wrong label of each query."""

    target: Tensor

    @cached_property
    def kinds(self) -> Kinds:
        """Which items are the positives of each query, and which are of its target class."""
        return Kinds.of(self.queries, self.gallery, self.target)

    def rows(self, index: Tensor) -> TargetedMargin:
        return replace(self, queries=self.queries.rows(index), target=self.target[index])
