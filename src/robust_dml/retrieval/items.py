"""Embedded items: the queries of a search, or its gallery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from robust_dml.retrieval.distances import wide
from robust_dml.runtime.lazy import Tensor, torch

if TYPE_CHECKING:
    from robust_dml.data.loading.dataset import Part


@dataclass(frozen=True)
class Items:
    """Embeddings (N, d) with labels (N,) and ids (N,), both int64, and groups (N, G), int64, if there are any.

    A query whose id is that of a gallery item is itself that item, and never its own neighbour. A gallery item with
    the number of a query in the same column of `groups` (one sequence, or one person before one camera) is ignored for
    that query: it is neither right nor wrong. Queries and gallery have the same columns.
    """

    embeddings: Tensor
    labels: Tensor
    ids: Tensor
    groups: Tensor | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.embeddings), len(self.labels), len(self.ids)}
        if self.embeddings.dim() != 2 or len(lengths) > 1:
            shapes = ", ".join(str(tuple(part.shape)) for part in (self.embeddings, self.labels, self.ids))
            raise ValueError(f"expected embeddings (N, d), labels (N,) and ids (N,), found {shapes}")
        if self.groups is not None and (self.groups.dim() != 2 or len(self.groups) != len(self.labels)):
            raise ValueError(f"expected groups ({len(self.labels)}, G), found {tuple(self.groups.shape)}")

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of(cls, embeddings: Tensor, part: Part) -> Items:
        """Return the images of a part, embedded as given (N, d), on the device of the embeddings."""
        labels, ids, groups = (
            torch.as_tensor(values, device=embeddings.device) for values in (part.labels, part.ids, part.groups)
        )
        return cls(embeddings, labels, ids, groups if groups.shape[1] else None)

    @cached_property
    def squared_lengths(self) -> Tensor:
        """The squared Euclidean length (N,) of each embedding, in float32 or better."""
        return wide(self.embeddings).square().sum(1)

    def rows(self, index: Tensor | slice) -> Items:
        """Return the items at `index`; those of a slice share memory with these."""
        groups = None if self.groups is None else self.groups[index]
        return Items(self.embeddings[index], self.labels[index], self.ids[index], groups)

    def embedded_as(self, embeddings: Tensor) -> Items:
        """Return the same items with other embeddings, such as those of attacked images."""
        return replace(self, embeddings=embeddings)
