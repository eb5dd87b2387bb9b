"""What a gallery image captures, against loops."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from rankings import is_ignored, problems
from robust_dml.attacks.capture import capture
from robust_dml.retrieval import Items


@given(problem=problems(), k=st.integers(1, 3), seed=st.integers(0, 99))
def test_against_loops(problem: tuple[Items, Items], k: int, seed: int) -> None:
    """A query is captured if fewer than k competing items but the replaced one are nearer than the new image."""
    queries, gallery = (items.embedded_as(items.embeddings.double()) for items in problem)
    places = torch.arange(len(gallery))
    moved = torch.randn(gallery.embeddings.shape, generator=torch.Generator().manual_seed(seed)).double()
    judged = capture(queries, gallery, places, k=k)
    captured = judged.captured(moved)
    for place in range(len(gallery)):
        for q in range(len(queries)):
            other = gallery.labels[place] != queries.labels[q]
            assert bool(judged.counted[place, q]) == (bool(other) and not is_ignored(*problem, q, place))
            rivals = [p for p in range(len(gallery)) if p != place and not is_ignored(*problem, q, p)]
            mine = float((moved[place] - queries.embeddings[q]).norm())
            nearer = sum(float((gallery.embeddings[p] - queries.embeddings[q]).norm()) <= mine for p in rivals)
            assert bool(captured[place, q]) == (bool(judged.counted[place, q]) and nearer < k)


def test_the_value_orders_by_what_is_captured_and_then_by_how_near_others_are() -> None:
    queries = Items(torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0, 0, 0]), torch.tensor([0, 1, 2]))
    gallery = Items(torch.tensor([[9.0], [0.5], [2.5]]), torch.tensor([1, 0, 0]), torch.tensor([10, 11, 12]))
    objective = capture(queries, gallery, torch.tensor([0]))
    values = {x: float(objective(torch.tensor([[x]]))) for x in (9.0, 3.0, 1.9, 1.4)}
    assert values[9.0] < values[3.0] < 1 / 3 < values[1.9] < 2 / 3  # none and near, the third query
    assert 1 / 3 < values[1.4] < 1  # 1.4 is nearer to 1 than 0.5 is


def test_an_image_that_cannot_be_embedded_captures_all() -> None:
    items = Items(torch.randn(6, 2), torch.arange(6) % 2, torch.arange(6))
    judged = capture(items, items, torch.tensor([0, 3]))
    captured = judged.captured(torch.full((2, 2), torch.nan))
    assert torch.equal(captured, judged.counted) and int(captured.sum()) == 6


def test_the_gradient_is_finite_at_a_query_itself() -> None:
    items = Items(torch.randn(6, 2), torch.arange(6) % 2, torch.arange(6))
    at = items.embeddings[1:2].clone().requires_grad_()
    capture(items, items, torch.tensor([0]))(at).sum().backward()
    assert at.grad is not None and bool(torch.isfinite(at.grad).all())
