"""The nearest gallery items with the query's label, and the nearest with another label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from robust_dml.retrieval.distances import wide
from robust_dml.retrieval.ignored import ignored
from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch

CELLS = 1 << 24  # of the distance matrix in memory at a time: 64 MB in float32


class Nearest(NamedTuple):
    """Gallery positions (Q, k) of the nearest items of some kind, nearest first, and distances (Q, k) to them.

    Where there are no more items, positions are -1 and distances infinite. The distances come from a matrix product, so
    a small one between long embeddings has few digits: it orders and weighs items, and is no result.
    """

    positions: Tensor
    distances: Tensor


class Kinds(NamedTuple):
    """Which gallery items are no positives of a query, and which are no negatives: bool (Q, N) each."""

    not_positive: Tensor
    not_negative: Tensor

    @classmethod
    def of(cls, queries: Items, gallery: Items, rivals: Tensor | None = None) -> Kinds:
        """Compare labels. The query itself and the items that are ignored for it are neither.

        With `rivals` (Q,), the negatives are the items of that label alone.
        """
        out, same = ignored(queries, gallery), queries.labels[:, None] == gallery.labels
        return cls(out | ~same, out | (same if rivals is None else rivals[:, None] != gallery.labels))


def nearest_by_label(queries: Items, gallery: Items, k: int = 1, kinds: Kinds | None = None) -> tuple[Nearest, Nearest]:
    """Return each query's `k` nearest positives, and its `k` nearest negatives; `kinds` if they are known."""
    k = min(k, len(gallery))
    positives, negatives = [], []
    for rows in _blocks(queries, gallery):
        some = queries.rows(rows)
        kind = Kinds.of(some, gallery) if kinds is None else Kinds(*(part[rows] for part in kinds))
        squares = _squared_distances(some, gallery)
        positives.append(_smallest(squares.masked_fill(kind.not_positive, torch.inf), k))
        negatives.append(_smallest(squares.masked_fill_(kind.not_negative, torch.inf), k))
    return _joined(positives), _joined(negatives)


def nearest_wrong_label(queries: Items, gallery: Items, rank: int) -> Tensor:
    """Return the label (Q,) of the `rank`-th nearest class that is not the query's, a class by its nearest item.

    The query itself and the items that are ignored for it are left out. It is the farthest class where the gallery has
    fewer; the query's own label where it has no other.
    """
    labels, place = torch.unique(gallery.labels, return_inverse=True)
    found = []
    for rows in _blocks(queries, gallery):
        some = queries.rows(rows)
        squares = _squared_distances(some, gallery)
        squares.masked_fill_(Kinds.of(some, gallery).not_negative, torch.inf)
        of_classes = squares.new_full((len(some), len(labels)), torch.inf)
        of_classes.scatter_reduce_(1, place.expand(len(some), -1), squares, "amin")
        values, order = of_classes.sort(stable=True, dim=1)
        last = (values < torch.inf).sum(1).clamp(1, rank) - 1
        chosen = labels[order.gather(1, last[:, None])[:, 0]]
        found.append(torch.where(values[:, 0] < torch.inf, chosen, some.labels))
    return torch.cat(found)


def _blocks(queries: Items, gallery: Items) -> Iterator[slice]:
    """Yield the places of the queries, as many at a time as have a distance matrix of CELLS; an empty one of none."""
    size = max(1, CELLS // len(gallery))
    for start in range(0, max(1, len(queries)), size):
        yield slice(start, start + size)


def _squared_distances(queries: Items, gallery: Items) -> Tensor:
    squares = torch.addmm(gallery.squared_lengths, wide(queries.embeddings), wide(gallery.embeddings).T, alpha=-2)
    return squares.add_(queries.squared_lengths[:, None])


def _smallest(squares: Tensor, k: int) -> Nearest:
    """Return the `k` smallest of each row; a single one is found without sorting."""
    values, positions = squares.min(1, keepdim=True) if k == 1 else squares.topk(k, largest=False)
    return Nearest(positions.masked_fill(values == torch.inf, -1), values.clamp_min(0).sqrt())


def _joined(parts: list[Nearest]) -> Nearest:
    return Nearest(*(torch.cat(columns) for columns in zip(*parts, strict=True)))
