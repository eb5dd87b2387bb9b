"""R-precision against double loops."""

from __future__ import annotations

import pytest
from hypothesis import given

from rankings import mean, naive_ranking, problems
from robust_dml.metrics import ranking_metrics
from robust_dml.retrieval import Items, Protocol, rank


@pytest.mark.parametrize("protocol", ["masked", "as-released"])
@given(problem=problems())
def test_against_double_loops(protocol: Protocol, problem: tuple[Items, Items]) -> None:
    ranked = naive_ranking(*problem, drop=protocol == "as-released")
    naive = mean([sum(query.hits[: query.relevant]) / query.relevant for query in ranked])
    assert ranking_metrics(rank(*problem, protocol), ["r-precision"]) == pytest.approx(
        {"r-precision": naive}, abs=1e-12
    )
