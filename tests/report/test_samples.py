"""Outcomes of single queries: read in any order, restricted to what two results share."""

from __future__ import annotations

import numpy as np

from robust_dml.report.result_files import Queries
from robust_dml.report.samples import alike, outcomes, over_seeds


def queries(ids: list[int], right: list[bool], scored: list[bool] | None = None) -> Queries:
    return Queries(
        id=tuple(ids),
        label=tuple(each % 3 for each in ids),
        scored=tuple(scored or [True] * len(ids)),
        adversarial_right=tuple(right),
        adversarial_right_as_released=tuple(not each for each in right),
        shift=(0.0,) * len(ids),
    )


def test_outcomes_are_sorted_by_id_without_queries_that_are_not_scored() -> None:
    sample = outcomes(queries([7, 2, 5], [True, False, True], [True, True, False]), "masked")
    assert (sample.ids.tolist(), sample.classes.tolist(), sample.right.tolist()) == ([2, 7], [2, 1], [[False, True]])
    released = outcomes(queries([7, 2], [True, False]), "as-released")
    assert released.right.tolist() == [[True, False]]


def test_seeds_are_joined_on_the_queries_that_all_have() -> None:
    first = outcomes(queries([1, 2, 3], [True, False, True]), "masked")
    second = outcomes(queries([3, 2, 4], [False, True, True]), "masked")
    joined = over_seeds({0: first, 5: second})
    assert joined is not None
    assert (joined.seeds, joined.ids.tolist()) == ((0, 5), [2, 3])
    assert joined.right.tolist() == [[False, True], [True, False]]
    assert over_seeds({}) is None


def test_two_results_are_compared_on_shared_seeds_and_queries() -> None:
    one = outcomes(queries([1, 2, 3], [True, False, True]), "masked")
    other = outcomes(queries([2, 3, 9], [True] * 3), "masked")
    of, to = over_seeds({0: one, 1: one}), over_seeds({1: other, 2: other})
    assert of is not None
    assert to is not None
    first, second = alike(of, to) or (None, None)
    assert first is not None
    assert second is not None
    assert (first.seeds, first.ids.tolist()) == (second.seeds, second.ids.tolist()) == ((1,), [2, 3])
    assert np.array_equal(first.right, [[False, True]])
    assert alike(of, over_seeds({2: one, 3: one})) is None  # type: ignore[arg-type]


def test_a_model_of_one_seed_is_compared_with_every_seed_of_the_other() -> None:
    one = outcomes(queries([1, 2], [True, False]), "masked")
    of, to = over_seeds({0: one, 1: one, 2: one}), over_seeds({0: one})
    first, second = alike(of, to) or (None, None)  # type: ignore[arg-type]
    assert first is not None
    assert second is not None
    assert first.seeds == second.seeds == (0, 1, 2)
    assert second.right.tolist() == [[True, False]] * 3
