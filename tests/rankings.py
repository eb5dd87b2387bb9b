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


def groups_meet(queries: Items, gallery: Items, query: int, place: int) -> bool:
    """Whether a gallery item is of a group of the query."""
    if queries.groups is None or gallery.groups is None:
        return False
    pairs = zip(queries.groups[query].tolist(), gallery.groups[place].tolist(), strict=True)
    return any(left == right for left, right in pairs)


def is_ignored(queries: Items, gallery: Items, query: int, place: int) -> bool:
    """Whether a gallery item is the query itself or of one of its groups."""
    return bool(gallery.ids[place] == queries.ids[query]) or groups_meet(queries, gallery, query, place)


def naive_ranking(queries: Items, gallery: Items, *, drop: bool) -> list[Ranked]:
    """Rank by float64 distance and then id what is not ignored; `drop` leaves the first neighbour out, not the query.

    Items of the query's groups are ignored under both.
    """
    found, ids = [], gallery.ids.tolist()
    for query in range(len(queries)):
        own, label = int(queries.ids[query]), int(queries.labels[query])
        squared = (gallery.embeddings.double() - queries.embeddings[query].double()).square().sum(1).tolist()
        others = [p for p in range(len(ids)) if ids[p] == own or not groups_meet(queries, gallery, query, p)]
        ranked = [p for _, _, p in sorted((squared[p], p if drop else ids[p], p) for p in others)]
        if own in ids:
            ranked = ranked[1:] if drop else [p for p in ranked if ids[p] != own]
        relevant = sum(int(gallery.labels[p]) == label and ids[p] != own for p in others)
        if relevant:
            found.append(Ranked([int(gallery.labels[p]) == label for p in ranked], relevant))
    return found


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


@st.composite
def problems(draw: Any) -> tuple[Items, Items]:
    """Queries and a gallery, some with duplicates and ties, some with queries that are not in the gallery.

    Some have groups, of few items or of most; an item that is both query and gallery is in the same groups.
    """
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
    columns = draw(st.integers(0, 2))
    if columns == 0:
        return Items(queries, query_labels, query_ids), Items(gallery, labels, ids)
    groups = torch.randint(0, draw(st.sampled_from([2, size])), (size, columns), generator=generator)
    return Items(queries, query_labels, query_ids, groups[:count]), Items(gallery, labels, ids, groups)
