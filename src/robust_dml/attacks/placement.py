"""The place of a gallery image in the rankings of some queries: promoted to the first, or demoted to the last.

The idea is that of the candidate attack CA+ and CA- (Zhou et al., ECCV 2020; `robust_dml.attacks.ranking.candidate`).
Here queries are those of a class, not drawn from the gallery; neither the query itself nor the clean copy of the
candidate competes; and the outcome is the rank itself, not a hinge on distances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from robust_dml.attacks.objectives import Objective
from robust_dml.retrieval.distances import distance, wide
from robust_dml.retrieval.ignored import ignored
from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch

Aim = Literal["promote", "demote"]


@dataclass(frozen=True)
class Placement(Objective):
    """See `placement`. B candidates, W queries of each, N items of the gallery."""

    queries: Tensor
    """Embeddings (B, W, d)."""
    rivals: Tensor
    """(B, W, N), the distance of a query to what competes with the candidate; infinite for what does not."""
    counted: Tensor
    """bool (B, W), the queries that are there and for which the candidate is not ignored."""
    aim: Aim
    temperature: float

    def __call__(self, embeddings: Tensor) -> Tensor:
        depth = distance(embeddings[:, None], self.queries)[:, :, None] - self.rivals
        smooth = self._mean(torch.sigmoid(depth / self.temperature))
        exact = self._mean((depth > 0).to(depth.dtype))
        value = smooth + (exact - smooth).detach()
        return value if self.aim == "demote" else -value

    def rows(self, index: Tensor) -> Placement:
        some = {name: getattr(self, name)[index] for name in ("queries", "rivals", "counted")}
        return replace(self, **some)

    def nearer(self, embeddings: Tensor) -> Tensor:
        """Return int64 (B, W): how many items come before each candidate; what the aim wants for one that failed."""
        found = (distance(embeddings[:, None], self.queries)[:, :, None] > self.rivals).sum(2)
        wanted = self._competing if self.aim == "demote" else torch.zeros_like(found)
        return torch.where(torch.isfinite(embeddings).all(1, keepdim=True), found, wanted)

    def percentiles(self, embeddings: Tensor) -> Tensor:
        """Return float64 (B, W): the share of competing items before each candidate, 0 for the first place."""
        return self.nearer(embeddings).double() / self._competing.clamp_min(1)

    def _mean(self, before: Tensor) -> Tensor:
        shares = before.sum(2) / self._competing.clamp_min(1)
        return (shares * self.counted).sum(1) / self.counted.sum(1).clamp_min(1)

    @property
    def _competing(self) -> Tensor:
        return torch.isfinite(self.rivals).sum(2)


def placement(
    queries: Items, gallery: Items, places: Tensor, classes: Tensor, aim: Aim, *, most: int, temperature: float = 0.1
) -> Placement:
    """Return the objective of the gallery items at `places` (B,): their mean rank for queries of `classes` (B,).

    Each candidate is alone in replacing its own clean image; at most `most` queries of its class count, those with the
    lowest ids. The value is exact; the gradient is that of a sigmoid of width `temperature` times the mean distance.
    """
    chosen, there = _of_classes(queries, classes, most)
    asked = queries.rows(chosen.flatten())
    embeddings, items = wide(asked.embeddings.detach()), wide(gallery.embeddings.detach())
    shape = (*chosen.shape, len(gallery))
    rivals = torch.cdist(embeddings, items, compute_mode="donot_use_mm_for_euclid_dist").view(shape)
    scale = float(rivals.mean())
    out = ignored(asked, gallery).view(shape)
    hidden = out.gather(2, places[:, None, None].expand(-1, chosen.shape[1], 1))[:, :, 0]
    own = torch.arange(len(gallery), device=places.device) == places[:, None, None]
    rivals = rivals.masked_fill(out | own, torch.inf)
    return Placement(embeddings.view(*chosen.shape, -1), rivals, there & ~hidden, aim, max(temperature * scale, 1e-12))


def _of_classes(queries: Items, classes: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Return the positions (B, W) of at most `most` queries of each class, and bool (B, W) which of them exist."""
    order = queries.ids.argsort(stable=True)
    same = queries.labels[order] == classes[:, None]
    width = min(most, int(same.sum(1).max()))
    first = (~same).long().argsort(dim=1, stable=True)[:, :width]
    return order[first], same.gather(1, first)
