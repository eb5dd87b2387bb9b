"""The nearest positives and negatives against a sorted list of exact distances."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rankings import is_ignored, problems
from robust_dml.retrieval import Items, by_label
from robust_dml.retrieval.by_label import Kinds, nearest_by_label, nearest_wrong_label


def naive(queries: Items, gallery: Items, row: int, positive: bool) -> dict[int, float]:
    """The distances of the gallery's items with the query's label, or without it, by position; none ignored."""
    return {
        p: float((gallery.embeddings[p].double() - queries.embeddings[row].double()).norm())
        for p in range(len(gallery))
        if not is_ignored(queries, gallery, row, p) and (gallery.labels[p] == queries.labels[row]) == positive
    }


@pytest.mark.parametrize("cells", [1, 1 << 24])
@given(problem=problems(), k=st.integers(1, 12))
def test_against_double_loops(cells: int, problem: tuple[Items, Items], k: int) -> None:
    queries, gallery = (items.embedded_as(items.embeddings.double()) for items in problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_label, "CELLS", cells)  # in blocks of one query, and at once
        found = nearest_by_label(queries, gallery, k)
    for positive, (positions, distances) in zip((True, False), found, strict=True):
        assert positions.shape == (len(queries), min(k, len(gallery)))
        for row in range(len(queries)):
            allowed = naive(queries, gallery, row, positive)
            chosen = [int(p) for p in positions[row] if p >= 0]
            assert set(chosen) <= set(allowed) and len(set(chosen)) == len(chosen)
            expected = sorted(allowed.values())[: positions.shape[1]]
            assert [allowed[p] for p in chosen] == pytest.approx(expected, abs=1e-6)
            assert distances[row, : len(chosen)].tolist() == pytest.approx(expected, abs=1e-6)
            assert torch.isinf(distances[row, len(chosen) :]).all()


def test_a_missing_kind_is_minus_one() -> None:
    items = Items(torch.randn(3, 2), torch.tensor([0, 0, 1]), torch.arange(3))
    positives, negatives = (found.positions for found in nearest_by_label(items, items, 2))
    assert positives[2].tolist() == [-1, -1] and positives[0].tolist() == [1, -1]
    assert negatives[0].tolist() == [2, -1]


@given(problem=problems(), rank=st.integers(1, 4))
def test_rivals_and_the_nearest_wrong_labels(problem: tuple[Items, Items], rank: int) -> None:
    queries, gallery = (items.embedded_as(items.embeddings.double()) for items in problem)
    labels = nearest_wrong_label(queries, gallery, rank)
    _, rivals = nearest_by_label(queries, gallery, 1, Kinds.of(queries, gallery, labels))
    for row in range(len(queries)):
        nearest: dict[int, float] = {}
        for position, far in naive(queries, gallery, row, positive=False).items():
            label = int(gallery.labels[position])
            nearest[label] = min(far, nearest.get(label, far))
        if not nearest:
            assert labels[row] == queries.labels[row]
            continue
        expected = sorted(nearest.values())[min(rank, len(nearest)) - 1]
        assert nearest[int(labels[row])] == pytest.approx(expected, abs=1e-6)
        assert float(rivals.distances[row, 0]) == pytest.approx(expected, abs=1e-6)
        assert gallery.labels[rivals.positions[row, 0]] == labels[row]
