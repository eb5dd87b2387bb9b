"""The cumulative matching characteristic against double loops."""

from __future__ import annotations

import pytest
from hypothesis import given

from rankings import mean, naive_ranking, problems
from robust_dml.metrics import depth_of, ranking_metrics
from robust_dml.metrics.cmc import RANKS
from robust_dml.retrieval import Items, Protocol, rank


@pytest.mark.parametrize("protocol", ["masked", "as-released"])
@given(problem=problems())
def test_against_double_loops(protocol: Protocol, problem: tuple[Items, Items]) -> None:
    ranked = naive_ranking(*problem, drop=protocol == "as-released")
    naive = {f"cmc@{k}": mean([any(query.hits[:k]) for query in ranked]) for k in RANKS}
    found = ranking_metrics(rank(*problem, protocol, depth_of(["cmc"])), ["cmc"])
    assert found == pytest.approx(naive, abs=1e-12)
