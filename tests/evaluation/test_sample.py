"""Which queries are examples and which take part in the checks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robust_dml.evaluation.sample import balanced_sample, evenly_spaced, example_order, queries_of_checks


@given(length=st.integers(1, 500), count=st.integers(0, 600))
def test_evenly_spaced_numbers_are_different_ascending_and_as_many_as_there_can_be(length: int, count: int) -> None:
    found = evenly_spaced(length, count).tolist()
    assert found == sorted(set(found)) and len(found) == min(length, count)
    assert all(0 <= place < length for place in found)
    gaps = np.diff(found)
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


@given(length=st.integers(1, 500), count=st.integers(0, 60))
def test_fewer_examples_are_among_more(length: int, count: int) -> None:
    more = example_order(length, count + 1).tolist()
    assert example_order(length, count).tolist() == more[:count]
    assert len(set(more)) == len(more) == min(length, count + 1)
    assert all(0 <= place < length for place in more)


@pytest.mark.parametrize("count", [2, 4, 12, 24, 48])
def test_examples_are_spread_over_all_queries(count: int) -> None:
    places = [0, *sorted(example_order(900, count).tolist()), 900]
    assert max(np.diff(places)) <= 3 * 900 / count


def test_checks_take_scored_queries_alone() -> None:
    scored = np.arange(100) % 3 != 0
    found = queries_of_checks(scored, 10)
    assert len(found) == 10 and scored[found].all() and found.tolist() == sorted(set(found.tolist()))
    assert queries_of_checks(scored, 1000).tolist() == np.flatnonzero(scored).tolist()
    assert queries_of_checks(np.zeros(5, dtype=bool), 3).tolist() == []
    assert queries_of_checks(scored, 0).tolist() == []


def test_a_sample_takes_classes_in_turn_and_grows_by_adding() -> None:
    labels, ids = np.repeat(np.arange(7), 9), np.arange(63) + 100
    few, many = (balanced_sample(labels, ids, count, 3) for count in (10, 30))
    counts = np.bincount(labels[many], minlength=7)
    assert len(many) == len(set(many.tolist())) == 30 and counts.max() - counts.min() <= 1
    assert set(few.tolist()) <= set(many.tolist()) and (np.diff(many) > 0).all()
    assert balanced_sample(labels, ids, 10, 4).tolist() != few.tolist()
    order = np.random.default_rng(0).permutation(63)
    assert set(ids[order][balanced_sample(labels[order], ids[order], 10, 3)]) == set(ids[few])
