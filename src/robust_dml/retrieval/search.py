"""The k nearest items of a gallery, exact, without the query itself, ties broken by the lowest id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from robust_dml.retrieval.candidates import Finder, candidate_finder
from robust_dml.retrieval.distances import wide

BLOCK = 2048  # queries at a time
SPARE = 2  # candidates beyond k: one may be the query itself, one shows whether the k-th place is contested
TOLERANCE = 1e-5  # of squared distances, relative to the largest squared length: what rounding may confuse
CELLS = 1 << 18  # of the exact distance matrix that is held at a time; each takes d float64 of memory
NO_ID = torch.iinfo(torch.int64).min


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
    """The `k` nearest items of `gallery` (N, d) for each of `queries` (Q, d), by Euclidean distance.

    With ids, int64 (Q,) and (N,), items whose id equals the query's are left out wherever they rank, and equal
    distances are ordered by id; without, the whole gallery competes, ordered by position. On a CPU the
    search is faiss's flat index, on a GPU a blocked matrix product; items too close for float32 to order are
    compared anew in float64, so that both find the same neighbours.

    Raises:
        ValueError: embeddings that are not finite or of other dimension, or one kind of ids without the other.
    """
    _check(queries, gallery, query_ids, gallery_ids)
    queries, gallery = wide(queries.detach()), wide(gallery.detach())
    if query_ids is None or gallery_ids is None:
        query_ids = torch.full((len(queries),), NO_ID, device=queries.device)
        gallery_ids = torch.arange(len(gallery), device=gallery.device)
    work = _Search(gallery, gallery_ids, k, candidate_finder(gallery), float(gallery.square().sum(1).max()))
    blocks = [
        work.block(*some) for some in zip(torch.split(queries, BLOCK), torch.split(query_ids, BLOCK), strict=True)
    ]
    return Neighbours(*(torch.cat(parts) for parts in zip(*blocks, strict=True)))


@dataclass(frozen=True)
class _Search:
    gallery: Tensor
    ids: Tensor
    k: int
    find: Finder
    largest: float

    def block(self, queries: Tensor, query_ids: Tensor) -> Neighbours:
        count = min(self.k + SPARE, len(self.gallery))
        squared, positions = self.find(queries, count)
        squared, order = squared.masked_fill(self.ids[positions] == query_ids[:, None], torch.inf).sort(1)
        positions = positions.gather(1, order)
        contested, close = self._doubtful(squared, queries)
        for rows in torch.split(torch.nonzero(close & ~contested).flatten(), BLOCK):
            squared[rows], positions[rows] = self._ordered(queries[rows], query_ids[rows], positions[rows])
        everything = torch.arange(len(self.gallery), device=self.gallery.device)
        for rows in torch.split(torch.nonzero(contested).flatten(), max(1, CELLS // len(self.gallery))):
            exact = self._ordered(queries[rows], query_ids[rows], everything.expand(len(rows), -1))
            squared[rows], positions[rows] = (part[:, :count] for part in exact)
        return self._shaped(squared, positions)

    def _doubtful(self, squared: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Rows (Q,) whose k-th place an item beyond the candidates may deserve; rows with neighbours too close."""
        tolerance = TOLERANCE * max(self.largest, float(queries.square().sum(1).max()))
        close = (squared[:, : self.k + 1].diff(dim=1) <= tolerance).any(1)
        if squared.shape[1] == len(self.gallery):
            return torch.zeros_like(close), close
        farthest = squared.masked_fill(squared == torch.inf, -torch.inf).amax(1)
        return farthest - squared[:, self.k - 1] <= tolerance, close

    def _ordered(self, queries: Tensor, query_ids: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """Candidates (R, c) by float64 distance and then id: squared distances and positions, both (R, c)."""
        ids, by_id = self.ids[candidates].sort(1)
        candidates = candidates.gather(1, by_id)
        exact = torch.cdist(
            queries.double()[:, None],
            self.gallery.double()[candidates],
            compute_mode="donot_use_mm_for_euclid_dist",
        ).squeeze(1)
        exact = exact.masked_fill(ids == query_ids[:, None], torch.inf)
        exact, by_distance = exact.sort(dim=1, stable=True)
        return exact.square().to(queries.dtype), candidates.gather(1, by_distance)

    def _shaped(self, squared: Tensor, positions: Tensor) -> Neighbours:
        """The first k, as distances, with -1 at what is masked or missing."""
        missing = self.k - squared.shape[1]
        squared = torch.nn.functional.pad(squared, (0, max(0, missing)), value=torch.inf)[:, : self.k]
        positions = torch.nn.functional.pad(positions, (0, max(0, missing)), value=-1)[:, : self.k]
        return Neighbours(positions.masked_fill(squared == torch.inf, -1), squared.clamp_min(0).sqrt())


def _check(queries: Tensor, gallery: Tensor, query_ids: Tensor | None, gallery_ids: Tensor | None) -> None:
    if queries.dim() != 2 or gallery.dim() != 2 or queries.shape[1] != gallery.shape[1] or len(gallery) == 0:
        raise ValueError(f"queries {tuple(queries.shape)} and gallery {tuple(gallery.shape)} must be (Q, d) and (N, d)")
    if (query_ids is None) != (gallery_ids is None):
        raise ValueError("give query_ids and gallery_ids, or neither")
    if not (torch.isfinite(queries).all() and torch.isfinite(gallery).all()):
        raise ValueError("embeddings must be finite; count and replace those that are not before a search")
