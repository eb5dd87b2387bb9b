"""Where a gallery image comes in rankings, against loops."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rankings import is_ignored, problems
from robust_dml.attacks.placement import placement
from robust_dml.retrieval import Items


@given(problem=problems(), most=st.integers(1, 4), seed=st.integers(0, 99))
def test_against_loops(problem: tuple[Items, Items], most: int, seed: int) -> None:
    queries, gallery = (items.embedded_as(items.embeddings.double()) for items in problem)
    generator = torch.Generator().manual_seed(seed)
    places = torch.arange(len(gallery))
    classes = queries.labels[torch.randint(len(queries), (len(gallery),), generator=generator)]
    moved = torch.randn(gallery.embeddings.shape, generator=generator).double()
    judged = placement(queries, gallery, places, classes, "promote", most=most)
    percentiles, values = judged.percentiles(moved), judged(moved)
    for place in range(len(gallery)):
        asked = [q for q in range(len(queries)) if queries.labels[q] == classes[place]]
        asked = sorted(asked, key=lambda q: int(queries.ids[q]))[:most]
        found = []
        for q in [q for q in asked if not is_ignored(*problem, q, place)]:
            rivals = [p for p in range(len(gallery)) if p != place and not is_ignored(*problem, q, p)]
            mine = float((moved[place] - queries.embeddings[q]).norm())
            nearer = sum(float((gallery.embeddings[p] - queries.embeddings[q]).norm()) < mine for p in rivals)
            found.append(nearer / max(1, len(rivals)))
        assert percentiles[place][judged.counted[place]].tolist() == pytest.approx(found)
        assert float(values[place]) == pytest.approx(-sum(found) / max(1, len(found)), abs=1e-6)


@pytest.mark.parametrize(("aim", "sign"), [("promote", -1), ("demote", 1)])
def test_the_gradient_leads_where_the_aim_says(aim: Literal["promote", "demote"], sign: int) -> None:
    query = Items(torch.zeros(1, 1), torch.tensor([0]), torch.tensor([0]))
    gallery = Items(torch.tensor([[2.0], [1.0], [3.0]]), torch.tensor([1, 0, 0]), torch.tensor([1, 2, 3]))
    objective = placement(query, gallery, torch.tensor([0]), torch.tensor([0]), aim, most=1, temperature=0.5)
    x = torch.tensor([[2.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(objective(x).sum(), x)
    assert float(objective(x)) == sign * 0.5 and float(gradient) * sign > 0


@pytest.mark.parametrize(("aim", "worst"), [("promote", 0), ("demote", 2)])
def test_an_embedding_that_failed_is_where_the_attacker_wants_it(aim: Literal["promote", "demote"], worst: int) -> None:
    query = Items(torch.zeros(1, 1), torch.tensor([0]), torch.tensor([0]))
    gallery = Items(torch.tensor([[2.0], [1.0], [3.0]]), torch.tensor([1, 0, 0]), torch.tensor([1, 2, 3]))
    judged = placement(query, gallery, torch.tensor([0]), torch.tensor([0]), aim, most=1)
    assert judged.nearer(torch.tensor([[torch.nan]])).tolist() == [[worst]]
    assert judged.rows(torch.tensor([0])).nearer(torch.tensor([[2.5]])).tolist() == [[1]]
