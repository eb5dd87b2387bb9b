"""Which gallery items do not compete for a query: the query itself, and the items of its groups."""

from __future__ import annotations

from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch

CELLS = 1 << 24  # pairs that are compared at a time: 128 MB of int64


def ignored(queries: Items, gallery: Items, positions: Tensor | None = None, *, own: bool = True) -> Tensor:
    """Return bool (Q, N), or (Q, k) at gallery positions (Q, k): whether an item is ignored for a query.

    With `own=False` the query itself is not ignored, though it is of its own groups: the released code ranks it.

    Raises:
        ValueError: queries and gallery have other columns of groups.
    """
    itself = queries.ids[:, None] == (gallery.ids if positions is None else gallery.ids[positions])
    columns = _columns(queries, gallery)
    if not columns:
        return itself if own else torch.zeros_like(itself)
    found = torch.zeros_like(itself)
    for of_query, of_gallery in columns:
        found |= of_query[:, None] == (of_gallery if positions is None else of_gallery[positions])
    return found | itself if own else found & ~itself


def competing(queries: Items, gallery: Items) -> tuple[Tensor, Tensor]:
    """Return for each query, int64 (Q,), how many gallery items of its label compete, and how many are ignored."""
    if queries.groups is None and gallery.groups is None:
        own = torch.isin(queries.ids, gallery.ids).long()
        return _with_label(queries.labels, gallery.labels) - own, own
    relevant, hidden = [], []
    for rows in torch.split(torch.arange(len(queries), device=queries.labels.device), max(1, CELLS // len(gallery))):
        some = queries.rows(rows)
        out = ignored(some, gallery)
        relevant.append(((some.labels[:, None] == gallery.labels) & ~out).sum(1))
        hidden.append(out.sum(1))
    empty = queries.labels[:0]
    return torch.cat([empty, *relevant]), torch.cat([empty, *hidden])


def _columns(queries: Items, gallery: Items) -> list[tuple[Tensor, Tensor]]:
    if queries.groups is None and gallery.groups is None:
        return []
    if queries.groups is None or gallery.groups is None or queries.groups.shape[1] != gallery.groups.shape[1]:
        raise ValueError("queries and gallery must have the same columns of groups")
    return list(zip(queries.groups.unbind(1), gallery.groups.unbind(1), strict=True))


def _with_label(query_labels: Tensor, gallery_labels: Tensor) -> Tensor:
    """Return the number of gallery items with each query's label, int64 (Q,)."""
    classes, counts = torch.unique(gallery_labels, return_counts=True)
    place = torch.searchsorted(classes, query_labels).clamp_max(len(classes) - 1)
    return torch.where(classes[place] == query_labels, counts[place], 0)
