"""The nearest gallery items with the query's label, and the nearest with another label."""

from __future__ import annotations

from robust_dml.retrieval.distances import wide
from robust_dml.retrieval.ignored import ignored
from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch

CELLS = 1 << 24  # of the distance matrix in memory at a time: 64 MB in float32


def nearest_by_label(queries: Items, gallery: Items, k: int = 1) -> tuple[Tensor, Tensor]:
    """Return gallery positions (Q, k) of each query's nearest positives and nearest negatives, nearest first.

    The query itself and the items that are ignored for it are neither. Positions are -1 where there are no more items.
    """
    embeddings = wide(gallery.embeddings)
    lengths = embeddings.square().sum(1)
    k = min(k, len(gallery))
    positives, negatives = [], []
    everyone = torch.arange(len(queries), device=queries.labels.device)
    for rows in torch.split(everyone, max(1, CELLS // len(gallery))):
        # The squared distance less the query's own squared length, which does not change the order.
        some = queries.rows(rows)
        distances = torch.addmm(lengths, wide(some.embeddings), embeddings.T, alpha=-2)
        distances.masked_fill_(ignored(some, gallery), torch.inf)
        same = some.labels[:, None] == gallery.labels
        positives.append(_smallest(distances.masked_fill(~same, torch.inf), k))
        negatives.append(_smallest(distances.masked_fill_(same, torch.inf), k))
    return torch.cat(positives), torch.cat(negatives)


def nearest_wrong_label(queries: Items, gallery: Items, rank: int) -> Tensor:
    """Return the label (Q,) of the `rank`-th nearest class that is not the query's, a class by its nearest item.

    The query itself and the items that are ignored for it are left out. It is the farthest class where the gallery has
    fewer; the query's own label where it has no other.
    """
    labels, place = torch.unique(gallery.labels, return_inverse=True)
    embeddings = wide(gallery.embeddings)
    lengths = embeddings.square().sum(1)
    found = []
    everyone = torch.arange(len(queries), device=queries.labels.device)
    for rows in torch.split(everyone, max(1, CELLS // len(gallery))):
        some = queries.rows(rows)
        distances = torch.addmm(lengths, wide(some.embeddings), embeddings.T, alpha=-2)
        distances.masked_fill_(ignored(some, gallery), torch.inf)
        distances.masked_fill_(some.labels[:, None] == gallery.labels, torch.inf)
        of_classes = distances.new_full((len(rows), len(labels)), torch.inf)
        of_classes.scatter_reduce_(1, place.expand(len(rows), -1), distances, "amin")
        values, order = of_classes.sort(stable=True, dim=1)
        last = (values < torch.inf).sum(1).clamp(1, rank) - 1
        chosen = labels[order.gather(1, last[:, None])[:, 0]]
        found.append(torch.where(values[:, 0] < torch.inf, chosen, some.labels))
    return torch.cat(found)


def _smallest(distances: Tensor, k: int) -> Tensor:
    found = distances.topk(k, largest=False)
    return found.indices.masked_fill(found.values == torch.inf, -1)
