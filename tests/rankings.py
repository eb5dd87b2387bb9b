"""Retrieval problems, and their rankings query by query and neighbour by neighbour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st

from robust_dml.retrieval import Items


@dataclass(frozen=True)
class Ranked:
    """One query that has anything to find: which of its neighbours are right, nearest first, and R."""

    hits: list[bool]
    relevant: int


def naive_ranking(queries: Items, gallery: Items, *, drop: bool) -> list[Ranked]:
    """Rank by float64 distance and then id, without the query itself; `drop` leaves the first neighbour out instead."""
    found, ids = [], gallery.ids.tolist()
    for query in range(len(queries)):
        own, label = int(queries.ids[query]), int(queries.labels[query])
        squared = (gallery.embeddings.double() - queries.embeddings[query].double()).square().sum(1).tolist()
        ranked = [p for _, _, p in sorted((squared[p], p if drop else ids[p], p) for p in range(len(ids)))]
        if own in ids:
            ranked = ranked[1:] if drop else [p for p in ranked if ids[p] != own]
        relevant = sum(int(gallery.labels[p]) == label and ids[p] != own for p in range(len(ids)))
        if relevant:
            found.append(Ranked([int(gallery.labels[p]) == label for p in ranked], relevant))
    return found


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


@st.composite
def problems(draw: Any) -> tuple[Items, Items]:
    """Queries and a gallery, some with duplicates and ties, some with queries that are not in the gallery."""
    size, classes = draw(st.integers(2, 30)), draw(st.integers(1, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    gallery = torch.randn(size, 3, generator=generator)
    if draw(st.booleans()):
        gallery = gallery.round()  # duplicates and ties
    labels, ids = torch.randint(0, classes, (size,), generator=generator), torch.randperm(size, generator=generator)
    count = draw(st.integers(1, size))
    queries = gallery[:count] + draw(st.sampled_from([0.0, 0.5])) * torch.randn(count, 3, generator=generator)
    foreign = draw(st.booleans())  # queries that are not in the gallery, some of a class it lacks
    query_ids = ids[:count] + (1000 if foreign else 0)
    query_labels = labels[:count] + (torch.arange(count) % 2 if foreign else 0)
    return Items(queries, query_labels, query_ids), Items(gallery, labels, ids)
