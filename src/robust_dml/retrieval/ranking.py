"""The gallery ranked for each query, under two protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from robust_dml.retrieval.items import Items
from robust_dml.retrieval.search import Neighbours, search
from robust_dml.runtime.lazy import Tensor, torch

Protocol = Literal["masked", "as-released"]
DEPTH = 8  # neighbours that a ranking has at least


@dataclass(frozen=True)
class Ranking:
    """The neighbours of each query, and which of them have its label."""

    positions: Tensor
    """int64 (Q, k), positions in the gallery, nearest first; -1 where there is none."""
    distances: Tensor
    """(Q, k), Euclidean."""
    hits: Tensor
    """bool (Q, k), neighbours with the query's label."""
    relevant: Tensor
    """int64 (Q,), R: items of the gallery with the query's label, the query itself not counted."""

    @property
    def scored(self) -> Tensor:
        """bool (Q,), queries with anything to find; metrics leave the others out."""
        return self.relevant > 0

    @property
    def right(self) -> Tensor:
        """bool (Q,), queries whose nearest neighbour has their label."""
        return self.hits[:, 0]

    def without(self, failed: Tensor) -> Ranking:
        """Return the ranking with no hit for the queries in `failed` (Q,), whose embeddings are not finite."""
        return Ranking(self.positions, self.distances, self.hits & ~failed[:, None], self.relevant)


def rank(queries: Items, gallery: Items, protocol: Protocol = "masked") -> Ranking:
    """Rank the gallery for each query, as far down as any metric looks.

    Args:
        queries: clean or adversarial; gallery: clean. A query whose id is in the gallery is itself in the gallery.
        protocol: "masked" leaves the item with the query's id out, wherever it ranks. "as-released" drops the
            first neighbour of such a query, whatever it is, as the released code of arXiv 2102.07265 does; after
            an attack this can drop a wrong neighbour and count the query's own clean copy as a hit.

    Raises:
        ValueError: an unknown protocol, or embeddings that are not finite or of different dimensions.
    """
    if protocol not in ("masked", "as-released"):
        raise ValueError(f"protocol must be masked or as-released, found {protocol!r}")
    own = torch.isin(queries.ids, gallery.ids)
    relevant = relevant_counts(queries.labels, gallery.labels, own)
    k = max(DEPTH, int(relevant.max()) if len(relevant) else 0)
    if protocol == "masked":
        found = search(queries.embeddings, gallery.embeddings, k, query_ids=queries.ids, gallery_ids=gallery.ids)
    else:
        found = _without_first(search(queries.embeddings, gallery.embeddings, k + 1), own)
    hits = (gallery.labels[found.positions] == queries.labels[:, None]) & (found.positions >= 0)
    return Ranking(found.positions, found.distances, hits, relevant)


def rank_attacked(queries: Items, embeddings: Tensor, gallery: Items, protocol: Protocol = "masked") -> Ranking:
    """Rank the gallery for clean queries that an attack has moved to `embeddings` (Q, d).

    A query whose embedding is not finite has no hit: a model that fails under attack does not withstand it.
    """
    failed = ~embeddings.isfinite().all(1)
    finite = torch.where(failed[:, None], queries.embeddings, embeddings)
    return rank(queries.embedded_as(finite), gallery, protocol).without(failed)


def relevant_counts(query_labels: Tensor, gallery_labels: Tensor, own: Tensor) -> Tensor:
    """Return R (Q,): gallery items per query label, less one for queries that are in the gallery (`own`)."""
    classes, counts = torch.unique(gallery_labels, return_counts=True)
    place = torch.searchsorted(classes, query_labels).clamp_max(len(classes) - 1)
    return torch.where(classes[place] == query_labels, counts[place], 0) - own.to(counts.dtype)


def _without_first(found: Neighbours, own: Tensor) -> Neighbours:
    """Drop the first neighbour of the queries in `own` (Q,), and the last neighbour of the others."""

    def chosen(values: Tensor) -> Tensor:
        return torch.where(own[:, None], values[:, 1:], values[:, :-1])

    return Neighbours(chosen(found.positions), chosen(found.distances))
