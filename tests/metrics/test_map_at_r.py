"""mAP@R against double loops."""

from __future__ import annotations

import pytest
from hypothesis import given

from rankings import Ranked, mean, naive_ranking, problems
from robust_dml.metrics import ranking_metrics
from robust_dml.retrieval import Items, Protocol, rank


def naive_average_precision(query: Ranked) -> float:
    """The sum of the precisions at the right ranks up to R, over R."""
    total = 0.0
    for i in range(min(query.relevant, len(query.hits))):
        if query.hits[i]:
            total += sum(query.hits[: i + 1]) / (i + 1)
    return total / query.relevant


@pytest.mark.parametrize("protocol", ["masked", "as-released"])
@given(problem=problems())
def test_against_double_loops(protocol: Protocol, problem: tuple[Items, Items]) -> None:
    ranked = naive_ranking(*problem, drop=protocol == "as-released")
    naive = mean([naive_average_precision(query) for query in ranked])
    assert ranking_metrics(rank(*problem, protocol), ["map-at-r"]) == pytest.approx({"map@r": naive}, abs=1e-12)
