"""Ignored items against double loops, and that they reach search, margin and references."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rankings import groups_meet, is_ignored, problems
from robust_dml.attacks.objectives import margin
from robust_dml.evaluation.references import nearest_references
from robust_dml.retrieval import Items, rank
from robust_dml.retrieval import ignored as module
from robust_dml.retrieval.ignored import competing, ignored


@given(problem=problems())
def test_against_double_loops(problem: tuple[Items, Items]) -> None:
    queries, gallery = problem
    pairs = [[is_ignored(*problem, query, place) for place in range(len(gallery))] for query in range(len(queries))]
    assert ignored(queries, gallery).tolist() == pairs
    backwards = torch.arange(len(gallery)).flip(0).expand(len(queries), -1)
    assert ignored(queries, gallery, backwards).tolist() == [row[::-1] for row in pairs]
    others = ignored(queries, gallery, own=False)
    for query in range(len(queries)):
        for place in range(len(gallery)):
            itself = bool(queries.ids[query] == gallery.ids[place])
            assert bool(others[query, place]) == (groups_meet(*problem, query, place) and not itself)


@pytest.mark.parametrize("cells", [1, 1 << 24])
@given(problem=problems())
def test_counts_against_double_loops(cells: int, problem: tuple[Items, Items]) -> None:
    queries, gallery = problem
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CELLS", cells)
        relevant, hidden = competing(queries, gallery)
    for query in range(len(queries)):
        out = [is_ignored(*problem, query, place) for place in range(len(gallery))]
        same = (gallery.labels == queries.labels[query]).tolist()
        assert int(relevant[query]) == sum(right and not gone for right, gone in zip(same, out, strict=True))
        assert int(hidden[query]) == sum(out)


@given(problem=problems(), seed=st.integers(0, 99))
def test_margin_is_above_zero_exactly_where_the_ranking_is_wrong(problem: tuple[Items, Items], seed: int) -> None:
    queries, gallery = (items.embedded_as(items.embeddings.double()) for items in problem)
    moved = queries.embeddings + torch.randn(queries.embeddings.shape, generator=torch.Generator().manual_seed(seed))
    ranking = rank(queries.embedded_as(moved), gallery)
    values = margin(queries, gallery)(moved)
    others = torch.tensor(
        [
            any(not is_ignored(*problem, q, p) and gallery.labels[p] != queries.labels[q] for p in range(len(gallery)))
            for q in range(len(queries))
        ]
    )
    decided = ranking.scored & others & (values.abs() > 1e-9)  # of equal distances the ranking takes the lower id
    assert torch.equal((values > 0)[decided], ~ranking.right[decided])


def test_references_are_never_ignored_items() -> None:
    embeddings = torch.tensor([[0.0], [1.0], [2.0], [3.0], [4.0]])
    labels, groups = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([[7], [7], [8], [7], [9]])
    items = Items(embeddings, labels, torch.arange(5), groups)
    positives, negatives = nearest_references(items, items)
    assert (float(positives[0]), float(negatives[0])) == (2.0, 4.0)  # 1 and 3 are of its group


def test_more_ignored_items_than_a_search_looks_at_are_found_past() -> None:
    """A query in the midst of 3,000 images of its own sequence."""
    generator = torch.Generator().manual_seed(0)
    near, far = 0.01 * torch.randn(3000, 4, generator=generator), torch.randn(500, 4, generator=generator) + 10
    labels, groups = torch.zeros(3501, dtype=torch.long), torch.cat([torch.zeros(3001), torch.arange(1, 501)])
    embeddings = torch.cat([torch.zeros(1, 4), near, far])
    items = Items(embeddings, labels, torch.arange(3501), groups.long()[:, None])
    ranking = rank(items.rows(torch.tensor([0])), items)
    assert ranking.positions[0, 0] == 3001 + far.square().sum(1).argmin()
    assert int(ranking.relevant) == 500


def test_columns_that_do_not_fit_are_told() -> None:
    items = Items(torch.zeros(2, 1), torch.arange(2), torch.arange(2), torch.zeros(2, 1, dtype=torch.long))
    plain = Items(torch.zeros(2, 1), torch.arange(2), torch.arange(2))
    with pytest.raises(ValueError, match="the same columns of groups"):
        rank(plain, items)
    with pytest.raises(ValueError, match=r"expected groups \(2, G\), found \(3, 1\)"):
        Items(torch.zeros(2, 1), torch.arange(2), torch.arange(2), torch.zeros(3, 1))
