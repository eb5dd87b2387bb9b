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


def nearest_by_label(
    queries: Items, gallery: Items, k: int = 1, *, rivals: Tensor | None = None
) -> tuple[Nearest, Nearest]:
    """Return each query's `k` nearest positives, and its `k` nearest negatives.

    The query itself and the items that are ignored for it are neither. With `rivals` (Q,), the negatives are the items
    of that label alone.
    """
    k = min(k, len(gallery))
    positives, negatives = [], []
    for rows, squares in _squared_distances(queries, gallery):
        same = queries.labels[rows, None] == gallery.labels
        other = ~same if rivals is None else rivals[rows, None] == gallery.labels
        positives.append(_smallest(squares.masked_fill(~same, torch.inf), k))
        negatives.append(_smallest(squares.masked_fill_(~other, torch.inf), k))
    return _joined(positives), _joined(negatives)


def nearest_wrong_label(queries: Items, gallery: Items, rank: int) -> Tensor:
    """Return the label (Q,) of the `rank`-th nearest class that is not the query's, a class by its nearest item.

    The query itself and the items that are ignored for it are left out. It is the farthest class where the gallery has
    fewer; the query's own label where it has no other.
    """
    labels, place = torch.unique(gallery.labels, return_inverse=True)
    found = []
    for rows, squares in _squared_distances(queries, gallery):
        own = queries.labels[rows]
        squares.masked_fill_(own[:, None] == gallery.labels, torch.inf)
        of_classes = squares.new_full((len(rows), len(labels)), torch.inf)
        of_classes.scatter_reduce_(1, place.expand(len(rows), -1), squares, "amin")
        values, order = of_classes.sort(stable=True, dim=1)
        last = (values < torch.inf).sum(1).clamp(1, rank) - 1
        chosen = labels[order.gather(1, last[:, None])[:, 0]]
        found.append(torch.where(values[:, 0] < torch.inf, chosen, own))
    return torch.cat(found)


def _squared_distances(queries: Items, gallery: Items) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the numbers of some queries (R,) and their squared distances (R, N), infinite where an item is ignored."""
    embeddings = wide(gallery.embeddings)
    everyone = torch.arange(len(queries), device=queries.labels.device)
    for rows in torch.split(everyone, max(1, CELLS // len(gallery))):
        some = queries.rows(rows)
        squares = torch.addmm(gallery.squared_lengths, wide(some.embeddings), embeddings.T, alpha=-2)
        squares += some.squared_lengths[:, None]
        yield rows, squares.masked_fill_(ignored(some, gallery), torch.inf)


def _smallest(squares: Tensor, k: int) -> Nearest:
    found = squares.topk(k, largest=False)
    return Nearest(found.indices.masked_fill(found.values == torch.inf, -1), found.values.clamp_min(0).sqrt())


def _joined(parts: list[Nearest]) -> Nearest:
    return Nearest(*(torch.cat(columns) for columns in zip(*parts, strict=True)))
