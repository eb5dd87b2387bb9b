"""The gallery ranked for each query, under two protocols."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from robust_dml.retrieval.ignored import competing
from robust_dml.retrieval.items import Items
from robust_dml.retrieval.search import NO_ID, Neighbours, search_items
from robust_dml.runtime.lazy import Tensor, torch

Protocol = Literal["masked", "as-released"]
DEPTH = 8  # neighbours that a ranking has at least, unless a metric looks further


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
    """int64 (Q,), R: items of the gallery with the query's label, the query itself and ignored items not counted."""

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


def rank(queries: Items, gallery: Items, protocol: Protocol = "masked", depth: int = DEPTH) -> Ranking:
    """Rank the gallery for each query, as far down as any metric looks.

    Args:
        queries: clean or adversarial; gallery: clean. A query whose id is in the gallery is itself in the gallery.
        protocol: "masked" leaves the item with the query's id out, wherever it ranks. "as-released" drops the
            first neighbour of such a query, whatever it is, as the released code of arXiv 2102.07265 does; after
            an attack this can drop a wrong neighbour and count the query's own clean copy as a hit. Under both, the
            items of a query's groups are left out.
        depth: the neighbours that a ranking has at least; it has R where that is more.

    Raises:
        ValueError: an unknown protocol, or embeddings that are not finite or of different dimensions.
    """
    if protocol not in ("masked", "as-released"):
        raise ValueError(f"protocol must be masked or as-released, found {protocol!r}")
    relevant, hidden = competing(queries, gallery)
    k = max(depth, int(relevant.max()) if len(relevant) else 0)
    most_hidden = int(hidden.max()) if len(hidden) else 0
    if protocol == "masked":
        found = search_items(queries, gallery, k, hidden=most_hidden)
    else:
        own = torch.isin(queries.ids, gallery.ids)
        placed = search_items(*_by_position(queries, gallery), k + 1, hidden=most_hidden, own=False)
        found = _without_first(placed, own)
    hits = (gallery.labels[found.positions] == queries.labels[:, None]) & (found.positions >= 0)
    return Ranking(found.positions, found.distances, hits, relevant)


def rank_attacked(
    queries: Items, embeddings: Tensor, gallery: Items, protocol: Protocol = "masked", depth: int = DEPTH
) -> Ranking:
    """Rank the gallery for clean queries that an attack has moved to `embeddings` (Q, d).

    A query whose embedding is not finite has no hit: a model that fails under attack does not withstand it.
    """
    failed = ~embeddings.isfinite().all(1)
    finite = torch.where(failed[:, None], queries.embeddings, embeddings)
    return rank(queries.embedded_as(finite), gallery, protocol, depth).without(failed)


def _by_position(queries: Items, gallery: Items) -> tuple[Items, Items]:
    """Return the same items with gallery positions as ids, by which the released code orders equal distances."""
    places = torch.arange(len(gallery), device=gallery.ids.device)
    ids, order = gallery.ids.sort(stable=True)
    nearest = torch.searchsorted(ids, queries.ids).clamp_max(len(ids) - 1)
    found = torch.where(ids[nearest] == queries.ids, order[nearest], NO_ID)
    return replace(queries, ids=found), replace(gallery, ids=places)


def _without_first(found: Neighbours, own: Tensor) -> Neighbours:
    """Drop the first neighbour of the queries in `own` (Q,), and the last neighbour of the others."""

    def chosen(values: Tensor) -> Tensor:
        return torch.where(own[:, None], values[:, 1:], values[:, :-1])

    return Neighbours(chosen(found.positions), chosen(found.distances))
