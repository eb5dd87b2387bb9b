"""The k nearest items of a gallery, exact, without the query itself, ties broken by the lowest id."""

from __future__ import annotations

from typing import NamedTuple

from robust_dml.retrieval.candidates import candidate_finder
from robust_dml.retrieval.distances import wide
from robust_dml.retrieval.ignored import ignored
from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch

BLOCK = 8192  # queries at a time
SPARE = 3  # candidates beyond k and the ignored items: the last show whether the k-th place is contested
TOLERANCE = 1e-5  # of squared distances, relative to the largest squared length: what rounding may confuse
CELLS = 1 << 22  # of the exact distance matrix that is held at a time: 32 MB in float64, and as much again to sort it
NO_ID = -(2**63)  # the smallest int64


class Neighbours(NamedTuple):
    """The neighbours of each query, nearest first."""

    positions: Tensor
    """int64 (Q, k), positions in the gallery; -1 where it has no more items."""
    distances: Tensor
    """(Q, k), Euclidean; infinite where the position is -1."""


def search(
    queries: Tensor,
    gallery: Tensor,
    k: int,
    *,
    query_ids: Tensor | None = None,
    gallery_ids: Tensor | None = None,
) -> Neighbours:
    """Find the `k` nearest items of `gallery` (N, d) for each of `queries` (Q, d), by Euclidean distance.

    With ids, int64 (Q,) and (N,), items whose id equals the query's are left out wherever they rank, and equal
    distances are ordered by id; without, the whole gallery competes, ordered by position.

    Raises:
        ValueError: embeddings that are not finite or of other dimension, or one kind of ids without the other.
    """
    if (query_ids is None) != (gallery_ids is None):
        raise ValueError("give query_ids and gallery_ids, or neither")
    if query_ids is None or gallery_ids is None:
        query_ids = torch.full((len(queries),), NO_ID, device=queries.device)
        gallery_ids = torch.arange(len(gallery), device=gallery.device)
    _check(queries, gallery)
    return search_items(Items(queries, query_ids, query_ids), Items(gallery, gallery_ids, gallery_ids), k)


def search_items(queries: Items, gallery: Items, k: int, *, hidden: int = 1, own: bool = True) -> Neighbours:
    """Find the `k` nearest items of a gallery that are not ignored for each query, equal distances ordered by id.

    In a large gallery on a CPU the search is faiss's flat index, elsewhere a blocked matrix product; items too close
    for float32 to order are compared again in float64, so that both find the same neighbours.

    Args:
        hidden: the number of gallery items that are ignored for one query, at most; too low a number is slower, and
            finds the same.
        own: whether the query itself is ignored.

    Raises:
        ValueError: embeddings that are not finite or of other dimension.
    """
    _check(queries.embeddings, gallery.embeddings)
    queries, gallery = (items.embedded_as(wide(items.embeddings.detach())) for items in (queries, gallery))
    by_id = gallery.ids.argsort(stable=True)
    work = _Search(gallery.rows(by_id), k, k + SPARE + max(1, hidden), own)
    everyone = torch.arange(len(queries), device=by_id.device)
    blocks = [work.block(queries.rows(some)) for some in torch.split(everyone, BLOCK)]
    positions, distances = (torch.cat(parts) for parts in zip(*blocks, strict=True))
    return Neighbours(by_id[positions].where(positions >= 0, -1), distances)


class _Search:
    """A gallery in the order of its ids, so that items at equal distances are ordered by position."""

    def __init__(self, items: Items, k: int, candidates: int, own: bool) -> None:
        self.items, self.gallery, self.k, self.own = items, items.embeddings, k, own
        self.count = min(candidates, len(items))
        self.find = candidate_finder(self.gallery)
        self.largest = float(self.gallery.square().sum(1).max())

    def block(self, items: Items) -> Neighbours:
        queries = items.embeddings
        squared, positions = self.find(queries, self.count)
        squared, order = squared.masked_fill(self._ignored(items, positions), torch.inf).sort(1)
        positions = positions.gather(1, order)
        tolerance = TOLERANCE * queries.square().sum(1, keepdim=True).clamp_min(self.largest)
        near, contested = squared.diff(dim=1) <= tolerance, self._contested(squared, tolerance)
        self._order(queries, squared, positions, near & ~contested[:, None])
        for rows in torch.split(torch.nonzero(contested).flatten(), max(1, CELLS // len(self.gallery))):
            exact = self._ordered_gallery(items.rows(rows))
            squared[rows], positions[rows] = (part[:, : self.count] for part in exact)
        return self._shaped(squared, positions)

    def _ignored(self, queries: Items, positions: Tensor | None = None) -> Tensor:
        return ignored(queries, self.items, positions, own=self.own)

    def _contested(self, squared: Tensor, tolerance: Tensor) -> Tensor:
        """Return rows (Q,) where an item outside the candidates could be among the k nearest."""
        if squared.shape[1] == len(self.gallery):
            return torch.zeros(len(squared), dtype=torch.bool, device=squared.device)
        farthest = squared.masked_fill(squared == torch.inf, -torch.inf).amax(1)
        return farthest - squared[:, self.k - 1] <= tolerance[:, 0]

    def _order(self, queries: Tensor, squared: Tensor, positions: Tensor, near: Tensor) -> None:
        """Order candidates (Q, c) that are `near` (Q, c - 1) to the next by their float64 distance and then id."""
        follows = torch.nn.functional.pad(near, (1, 0))
        rows, places = torch.nonzero(follows | torch.nn.functional.pad(near, (0, 1)), as_tuple=True)
        run = (~follows[rows, places]).cumsum(0)  # items each near to the one before; others stay where they are
        items = positions[rows, places]
        exact = torch.cat(
            [
                (queries[some].double() - self.gallery[item]).square().sum(1)
                for some, item in zip(self._split(rows), self._split(items), strict=True)
            ]
        )
        order = items.argsort(stable=True)
        for key in (exact, run):
            order = order[key[order].argsort(stable=True)]
        squared[rows, places], positions[rows, places] = exact[order].to(squared.dtype), items[order]

    def _split(self, values: Tensor) -> tuple[Tensor, ...]:
        return torch.split(values, max(1, CELLS // self.gallery.shape[1]))

    def _ordered_gallery(self, queries: Items) -> tuple[Tensor, Tensor]:
        """Return every item by its float64 distance and then id: squared distances and positions, both (R, N)."""
        mode = "donot_use_mm_for_euclid_dist"
        exact = torch.cdist(queries.embeddings.double(), self.gallery.double(), compute_mode=mode)
        exact, order = exact.masked_fill_(self._ignored(queries), torch.inf).sort(dim=1, stable=True)
        return exact.square().to(self.gallery.dtype), order

    def _shaped(self, squared: Tensor, positions: Tensor) -> Neighbours:
        """Return the first k, as distances, with -1 at what is masked or missing."""
        missing = self.k - squared.shape[1]
        squared = torch.nn.functional.pad(squared, (0, max(0, missing)), value=torch.inf)[:, : self.k]
        positions = torch.nn.functional.pad(positions, (0, max(0, missing)), value=-1)[:, : self.k]
        return Neighbours(positions.masked_fill(squared == torch.inf, -1), squared.clamp_min(0).sqrt())


def _check(queries: Tensor, gallery: Tensor) -> None:
    if queries.dim() != 2 or gallery.dim() != 2 or queries.shape[1] != gallery.shape[1] or len(gallery) == 0:
        raise ValueError(f"queries {tuple(queries.shape)} and gallery {tuple(gallery.shape)} must be (Q, d) and (N, d)")
    if not all(torch.isfinite(embeddings.sum(dtype=torch.float64)) for embeddings in (queries, gallery)):
        raise ValueError("embeddings must be finite; count and replace those that are not before a search")
