"""The k nearest items of a gallery, exact, without the query itself, ties broken by the lowest id."""

from __future__ import annotations

from typing import NamedTuple

from robust_dml.retrieval.candidates import candidate_finder
from robust_dml.retrieval.distances import wide
from robust_dml.runtime.lazy import Tensor, torch

BLOCK = 8192  # queries at a time
SPARE = 4  # candidates beyond k: one may be the query itself, the last show whether the k-th place is contested
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
    distances are ordered by id; without, the whole gallery competes, ordered by position. In a large gallery on a
    CPU the search is faiss's flat index, elsewhere a blocked matrix product; items too close for float32 to order are
    compared again in float64, so that both find the same neighbours.

    Raises:
        ValueError: embeddings that are not finite or of other dimension, or one kind of ids without the other.
    """
    _check(queries, gallery, query_ids, gallery_ids)
    queries, gallery = wide(queries.detach()), wide(gallery.detach())
    if query_ids is None or gallery_ids is None:
        query_ids = torch.full((len(queries),), NO_ID, device=queries.device)
        gallery_ids = torch.arange(len(gallery), device=gallery.device)
    by_id = gallery_ids.argsort(stable=True)
    work = _Search(gallery[by_id], gallery_ids[by_id], k)
    blocks = [
        work.block(*some) for some in zip(torch.split(queries, BLOCK), torch.split(query_ids, BLOCK), strict=True)
    ]
    positions, distances = (torch.cat(parts) for parts in zip(*blocks, strict=True))
    return Neighbours(by_id[positions].where(positions >= 0, -1), distances)


class _Search:
    """A gallery in the order of its ids, so that items at equal distances are ordered by position."""

    def __init__(self, gallery: Tensor, ids: Tensor, k: int) -> None:
        self.gallery, self.ids, self.k = gallery, ids, k
        self.find = candidate_finder(gallery)
        self.largest = float(gallery.square().sum(1).max())

    def block(self, queries: Tensor, query_ids: Tensor) -> Neighbours:
        count = min(self.k + SPARE, len(self.gallery))
        squared, positions = self.find(queries, count)
        squared, order = squared.masked_fill(self.ids[positions] == query_ids[:, None], torch.inf).sort(1)
        positions = positions.gather(1, order)
        tolerance = TOLERANCE * queries.square().sum(1, keepdim=True).clamp_min(self.largest)
        near, contested = squared.diff(dim=1) <= tolerance, self._contested(squared, tolerance)
        self._order(queries, squared, positions, near & ~contested[:, None])
        for rows in torch.split(torch.nonzero(contested).flatten(), max(1, CELLS // len(self.gallery))):
            exact = self._ordered_gallery(queries[rows], query_ids[rows])
            squared[rows], positions[rows] = (part[:, :count] for part in exact)
        return self._shaped(squared, positions)

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

    def _ordered_gallery(self, queries: Tensor, query_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return every item by its float64 distance and then id: squared distances and positions, both (R, N)."""
        exact = torch.cdist(queries.double(), self.gallery.double(), compute_mode="donot_use_mm_for_euclid_dist")
        exact, order = exact.masked_fill_(self.ids == query_ids[:, None], torch.inf).sort(dim=1, stable=True)
        return exact.square().to(self.gallery.dtype), order

    def _shaped(self, squared: Tensor, positions: Tensor) -> Neighbours:
        """Return the first k, as distances, with -1 at what is masked or missing."""
        missing = self.k - squared.shape[1]
        squared = torch.nn.functional.pad(squared, (0, max(0, missing)), value=torch.inf)[:, : self.k]
        positions = torch.nn.functional.pad(positions, (0, max(0, missing)), value=-1)[:, : self.k]
        return Neighbours(positions.masked_fill(squared == torch.inf, -1), squared.clamp_min(0).sqrt())


def _check(queries: Tensor, gallery: Tensor, query_ids: Tensor | None, gallery_ids: Tensor | None) -> None:
    if queries.dim() != 2 or gallery.dim() != 2 or queries.shape[1] != gallery.shape[1] or len(gallery) == 0:
        raise ValueError(f"queries {tuple(queries.shape)} and gallery {tuple(gallery.shape)} must be (Q, d) and (N, d)")
    if (query_ids is None) != (gallery_ids is None):
        raise ValueError("give query_ids and gallery_ids, or neither")
    if not all(torch.isfinite(embeddings.sum(dtype=torch.float64)) for embeddings in (queries, gallery)):
        raise ValueError("embeddings must be finite; count and replace those that are not before a search")
