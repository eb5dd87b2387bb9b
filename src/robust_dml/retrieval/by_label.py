"""The nearest items of the right label and of wrong ones."""

from __future__ import annotations

import torch
from torch import Tensor

CELLS = 1 << 24  # of the distance matrix that is held at a time: 64 MB in float32


def nearest_of_kinds(
    queries: Tensor,
    query_labels: Tensor,
    gallery: Tensor,
    gallery_labels: Tensor,
    k: int = 1,
    *,
    query_ids: Tensor | None = None,
    gallery_ids: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Gallery positions (Q, k) of each query's nearest positives and nearest negatives, nearest first.

    Items whose id is the query's are neither; -1 stands where there are no more. Queries (Q, d), gallery (N, d),
    labels and ids (Q,) and (N,).
    """
    lengths = gallery.square().sum(1)
    k = min(k, len(gallery))
    positives, negatives = [], []
    everyone = torch.arange(len(queries), device=queries.device)
    for rows in torch.split(everyone, max(1, CELLS // len(gallery))):
        # The squared distance, but for the query's own length, which does not change the order.
        distances = torch.addmm(lengths, queries[rows], gallery.T, alpha=-2)
        if query_ids is not None and gallery_ids is not None:
            distances.masked_fill_(query_ids[rows, None] == gallery_ids, torch.inf)
        same = query_labels[rows, None] == gallery_labels
        positives.append(_smallest(distances.masked_fill(~same, torch.inf), k))
        negatives.append(_smallest(distances.masked_fill_(same, torch.inf), k))
    return torch.cat(positives), torch.cat(negatives)


def _smallest(distances: Tensor, k: int) -> Tensor:
    found = distances.topk(k, largest=False)
    return found.indices.masked_fill(found.values == torch.inf, -1)
