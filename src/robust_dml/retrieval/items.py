"""Embedded items: the queries of a search, or its gallery."""

from __future__ import annotations

from dataclasses import dataclass, replace

from robust_dml.runtime.lazy import Tensor


@dataclass(frozen=True)
class Items:
    """Embeddings (N, d) with labels (N,) and ids (N,), both int64.

    A query whose id is that of a gallery item is itself that item, and never its own neighbour.
    """

    embeddings: Tensor
    labels: Tensor
    ids: Tensor

    def __post_init__(self) -> None:
        lengths = {len(self.embeddings), len(self.labels), len(self.ids)}
        if self.embeddings.dim() != 2 or len(lengths) > 1:
            shapes = ", ".join(str(tuple(part.shape)) for part in (self.embeddings, self.labels, self.ids))
            raise ValueError(f"expected embeddings (N, d), labels (N,) and ids (N,), found {shapes}")

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, index: Tensor) -> Items:
        """Return the items at `index`."""
        return Items(self.embeddings[index], self.labels[index], self.ids[index])

    def embedded_as(self, embeddings: Tensor) -> Items:
        """Return the same items with other embeddings, such as those of attacked images."""
        return replace(self, embeddings=embeddings)
