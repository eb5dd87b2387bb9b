"""Tuples of a batch: anchors, positives and negatives."""

from __future__ import annotations

from typing import Literal, NamedTuple

from robust_dml.runtime.lazy import Tensor, torch

Slot = Literal["anchor", "positive", "negative"]
SLOTS: tuple[Slot, ...] = ("anchor", "positive", "negative")


class Triplets(NamedTuple):
    """Rows of a batch: anchor, positive and negative of T tuples, int64 (T,) each."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor

    def rows(self, rows: Tensor | slice) -> Triplets:
        """Return the tuples number `rows`."""
        return Triplets(self.anchor[rows], self.positive[rows], self.negative[rows])


def at_most_per_anchor(triplets: Triplets, count: int, generator: torch.Generator) -> Triplets:
    """Keep `count` tuples of each anchor, chosen uniformly without replacement; an anchor with fewer keeps all.

    The result is sorted by the anchors' rows. `generator` is on the CPU.
    """
    anchor = triplets.anchor
    order = torch.randperm(len(anchor), generator=generator).to(anchor.device)
    order = order[torch.sort(anchor[order], stable=True).indices]
    ordered = anchor[order]
    first = torch.searchsorted(ordered, ordered)
    rank = torch.arange(len(ordered), device=anchor.device) - first
    return triplets.rows(order[rank < count])


def redirect(triplets: Triplets, slot: Slot, rows: Tensor, first: int) -> Triplets:
    """Return the tuples with one slot of those number `rows` (A,) at rows first, first + 1, ... of a longer batch."""
    changed: Tensor = getattr(triplets, slot).clone()
    changed[rows] = torch.arange(first, first + len(rows), device=changed.device)
    return triplets._replace(**{slot: changed})
