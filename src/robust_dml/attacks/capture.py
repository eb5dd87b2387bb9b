"""The share of queries that a gallery image captures: their nearest neighbour is that image."""

from __future__ import annotations

from dataclasses import dataclass, replace

from robust_dml.attacks.objectives import Objective
from robust_dml.retrieval.distances import wide
from robust_dml.retrieval.ignored import ignored
from robust_dml.retrieval.items import Items
from robust_dml.retrieval.search import Neighbours, search_items
from robust_dml.runtime.lazy import Tensor, torch


@dataclass(frozen=True)
class Capture(Objective):
    """See `capture`. B candidates and Q queries."""

    queries: Tensor
    """Embeddings (Q, d)."""
    reach: Tensor
    """(B, Q), the distance within which a candidate is the nearest neighbour of a query, or among its k nearest."""
    counted: Tensor
    """bool (B, Q), the queries that a candidate may capture: of another class, for which it is not ignored."""
    temperature: float

    def __call__(self, embeddings: Tensor) -> Tensor:
        depth = self.reach - torch.cdist(wide(embeddings), self.queries)
        captured = self._share((depth > 0).to(depth.dtype))
        smooth = self._share(torch.sigmoid(depth / self.temperature))
        # The value orders images by what they capture, and those that capture the same by how near others are.
        tie = smooth / (2 * len(self.queries))
        return smooth + (captured + tie - smooth).detach()

    def rows(self, index: Tensor) -> Capture:
        return replace(self, reach=self.reach[index], counted=self.counted[index])

    def captured(self, embeddings: Tensor) -> Tensor:
        """Return bool (B, Q): which queries each candidate captures; one whose embedding failed captures all."""
        failed = ~torch.isfinite(embeddings).all(1, keepdim=True)
        near = torch.cdist(wide(embeddings), self.queries) < self.reach
        return (near | failed) & self.counted

    def _share(self, values: Tensor) -> Tensor:
        return (values * self.counted).sum(1) / self.counted.sum(1).clamp_min(1)


def capture(queries: Items, gallery: Items, places: Tensor, *, k: int = 1, temperature: float = 0.1) -> Capture:
    """Return the objective of the gallery items at `places` (B,): the share of queries with each among their k nearest.

    Each candidate is alone in replacing its own clean image. Queries of its class are left out, and so are those for
    which it is ignored. The value is exact but for less than one query; the gradient is that of a sigmoid of width
    `temperature` times the mean distance of query and gallery.
    """
    candidates = gallery.rows(places)
    found = search_items(queries, gallery, k + 1)
    hidden = ignored(queries, candidates)
    counted = (~hidden & (queries.labels[:, None] != candidates.labels)).T
    embeddings = wide(queries.embeddings.detach())
    scale = float(torch.cdist(embeddings, wide(gallery.embeddings)).mean())
    return Capture(embeddings, _reach(found, places, k), counted, max(temperature * scale, 1e-12))


def _reach(found: Neighbours, places: Tensor, k: int) -> Tensor:
    """Return (B, Q): the distance to the k-th nearest item of each query that is not the candidate at places[b]."""
    before = (found.positions[None, :, :k] == places[:, None, None]).any(2)
    return torch.where(before, found.distances[:, k], found.distances[:, k - 1])
