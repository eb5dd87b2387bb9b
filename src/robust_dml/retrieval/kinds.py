"""The nearest item of the right and of a wrong label."""

from __future__ import annotations

import torch
from torch import Tensor

CELLS = 1 << 24  # of the distance matrix that is held at a time: 64 MB in float32


def nearest_of_kinds(
    queries: Tensor,
    query_labels: Tensor,
    gallery: Tensor,
    gallery_labels: Tensor,
    *,
    query_ids: Tensor | None = None,
    gallery_ids: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Gallery positions (Q,) of each query's nearest positive and nearest negative; -1 where there is none.

    Items whose id is the query's are neither. Queries (Q, d), gallery (N, d), labels and ids (Q,) and (N,).
    """
    lengths = gallery.square().sum(1)
    positives, negatives = [], []
    everyone = torch.arange(len(queries), device=queries.device)
    for rows in torch.split(everyone, max(1, CELLS // len(gallery))):
        # The squared distance, but for the query's own length, which does not change the order.
        distances = torch.addmm(lengths, queries[rows], gallery.T, alpha=-2)
        if query_ids is not None and gallery_ids is not None:
            distances.masked_fill_(query_ids[rows, None] == gallery_ids, torch.inf)
        same = query_labels[rows, None] == gallery_labels
        positives.append(_argmin(distances.masked_fill(~same, torch.inf)))
        negatives.append(_argmin(distances.masked_fill(same, torch.inf)))
    return torch.cat(positives), torch.cat(negatives)


def _argmin(distances: Tensor) -> Tensor:
    smallest, positions = distances.min(1)
    return torch.where(smallest < torch.inf, positions, -1)
