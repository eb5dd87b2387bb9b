"""The gallery ranked for each query: hits and counts against double loops, under both protocols."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given

from rankings import naive_ranking, problems
from robust_dml.retrieval import Items, Protocol, rank, rank_attacked


@pytest.mark.parametrize("protocol", ["masked", "as-released"])
@given(problem=problems())
def test_hits_and_relevant_items_against_double_loops(protocol: Protocol, problem: tuple[Items, Items]) -> None:
    found = rank(*problem, protocol)
    naive = naive_ranking(*problem, drop=protocol == "as-released")
    rows = torch.nonzero(found.scored).flatten().tolist()
    assert len(rows) == len(naive)
    for row, query in zip(rows, naive, strict=True):
        assert int(found.relevant[row]) == query.relevant
        shown = found.hits[row].tolist()
        assert shown[: len(query.hits)] == query.hits[: len(shown)]
        assert not any(shown[len(query.hits) :])
        assert bool(found.right[row]) == query.hits[0]


def test_at_least_eight_neighbours_and_as_many_as_the_largest_class_has() -> None:
    small, large = (Items(torch.randn(n, 3), torch.zeros(n, dtype=torch.long), torch.arange(n)) for n in (4, 20))
    assert rank(small, small).positions.shape == (4, 8)
    assert rank(large, large).positions.shape == (20, 19)
    assert (rank(small, small).positions[:, 3:] == -1).all()


def test_a_query_that_failed_has_no_hit_and_still_counts() -> None:
    items = Items(torch.randn(12, 3), torch.arange(12) % 3, torch.arange(12))
    ranking = rank(items, items)
    failed = torch.arange(12) == 5
    without = ranking.without(failed)
    assert not without.hits[5].any() and not without.right[5] and without.scored[5]
    assert torch.equal(without.hits[~failed], ranking.hits[~failed])


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_query_whose_attacked_embedding_is_not_finite_has_no_hit(value: float) -> None:
    items = Items(torch.randn(12, 3), torch.arange(12) % 3, torch.arange(12))
    moved = items.embeddings + 0.3
    expected = rank(items.embedded_as(moved), items).hits
    moved[5, 1], expected[5] = value, False
    assert torch.equal(rank_attacked(items, moved, items).hits, expected)


def test_unknown_protocol() -> None:
    wrong: Any = "released"
    items = Items(torch.zeros(1, 2), torch.zeros(1), torch.zeros(1))
    with pytest.raises(ValueError, match="protocol must be masked or as-released, found 'released'"):
        rank(items, items, wrong)
