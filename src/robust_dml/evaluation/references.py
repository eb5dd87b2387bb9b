"""The clean embeddings that an attack with fixed references moves away from, or towards."""

from __future__ import annotations

from robust_dml.retrieval.by_label import Nearest, nearest_by_label
from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch


def nearest_references(queries: Items, gallery: Items) -> tuple[Tensor, Tensor]:
    """Return the embeddings (Q, d) of each query's nearest positive and nearest negative.

    A query without a positive or without a negative has its own clean embedding as reference.
    """
    # As many as the margin looks at: the order of near ties then agrees with that of the margin's neighbours.
    positives, negatives = nearest_by_label(queries, gallery, NEIGHBOURS)
    return _or_own(positives, queries, gallery), _or_own(negatives, queries, gallery)


NEIGHBOURS = 16


def _or_own(nearest: Nearest, queries: Items, gallery: Items) -> Tensor:
    first = nearest.positions[:, 0]
    return torch.where(first[:, None] >= 0, gallery.embeddings[first], queries.embeddings)
