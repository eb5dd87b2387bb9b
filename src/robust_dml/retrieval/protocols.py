"""Retrieval metrics of queries against a gallery, under two protocols."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from robust_dml.retrieval import Neighbours, search
from robust_dml.retrieval.ranking import RECALL_RANKS, Ranking, relevant_counts

Protocol = Literal["masked", "as-released"]


def retrieval_metrics(
    query_embeddings: Tensor,
    query_labels: Tensor,
    gallery_embeddings: Tensor,
    gallery_labels: Tensor,
    *,
    query_ids: Tensor | None = None,
    gallery_ids: Tensor | None = None,
    protocol: Protocol = "masked",
) -> dict[str, float]:
    """recall@1, recall@2, recall@4, recall@8, r-precision and map@r, as shares in [0, 1].

    Args:
        query_embeddings: (Q, d), clean or adversarial; gallery_embeddings: (N, d), clean.
        query_labels, gallery_labels: int64 (Q,) and (N,).
        query_ids, gallery_ids: int64 (Q,) and (N,), both or neither: a query whose id is in the gallery is
            itself in the gallery. Without ids no query is.
        protocol: "masked" leaves the item with the query's id out, wherever it ranks. "as-released" drops the
            first neighbour of such a query, whatever it is, as the released code of arXiv 2102.07265 does; after
            an attack this can drop a wrong neighbour and count the query's own clean copy as a hit.

    Queries with nothing to find (no other gallery item of their label) are left out of the means.
    """
    ranking = rank(
        query_embeddings,
        query_labels,
        gallery_embeddings,
        gallery_labels,
        query_ids=query_ids,
        gallery_ids=gallery_ids,
        protocol=protocol,
    )
    return ranking.metrics()


def rank(
    query_embeddings: Tensor,
    query_labels: Tensor,
    gallery_embeddings: Tensor,
    gallery_labels: Tensor,
    *,
    query_ids: Tensor | None = None,
    gallery_ids: Tensor | None = None,
    protocol: Protocol = "masked",
) -> Ranking:
    """The neighbours of each query as far down as a metric looks. Arguments as in `retrieval_metrics`."""
    if protocol not in ("masked", "as-released"):
        raise ValueError(f"protocol must be masked or as-released, found {protocol!r}")
    if query_ids is None or gallery_ids is None:
        own = torch.zeros_like(query_labels, dtype=torch.bool)
    else:
        own = torch.isin(query_ids, gallery_ids)
    relevant = relevant_counts(query_labels, gallery_labels, own)
    k = max(RECALL_RANKS[-1], int(relevant.max()) if len(relevant) else 0)
    if protocol == "masked":
        found = search(query_embeddings, gallery_embeddings, k, query_ids=query_ids, gallery_ids=gallery_ids)
    else:
        found = _without_first(search(query_embeddings, gallery_embeddings, k + 1), own)
    hits = (gallery_labels[found.positions] == query_labels[:, None]) & (found.positions >= 0)
    return Ranking(found.positions, found.distances, hits, relevant)


def _without_first(found: Neighbours, own: Tensor) -> Neighbours:
    """Drop the first neighbour of the queries in `own`, the last of the others."""
    after, before = (Neighbours(*(part[:, at] for part in found)) for at in (slice(1, None), slice(None, -1)))
    return Neighbours(*(torch.where(own[:, None], a, b) for a, b in zip(after, before, strict=True)))
