"""Recall@k against double loops."""

from __future__ import annotations

import pytest
from hypothesis import given

from rankings import mean, naive_ranking, problems
from robust_dml.metrics import ranking_metrics
from robust_dml.metrics.recall import ENTRY, RANKS
from robust_dml.retrieval import Items, Protocol, rank


@pytest.mark.parametrize("protocol", ["masked", "as-released"])
@given(problem=problems())
def test_against_double_loops(protocol: Protocol, problem: tuple[Items, Items]) -> None:
    ranked = naive_ranking(*problem, drop=protocol == "as-released")
    naive = {f"recall@{k}": mean([any(query.hits[:k]) for query in ranked]) for k in RANKS}
    assert ranking_metrics(rank(*problem, protocol), ["recall"]) == pytest.approx(naive, abs=1e-12)


def test_the_paper_wants_the_ranks_1_2_4_and_8() -> None:
    assert list(ENTRY.labels) == ["recall@1", "recall@2", "recall@4", "recall@8"]
