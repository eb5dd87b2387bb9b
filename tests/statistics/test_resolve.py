"""The numbers of queries and seeds that would resolve a difference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics import (
    Difference,
    Interval,
    paired_difference,
    queries_to_clear,
    queries_to_resolve,
    seeds_to_resolve,
)


def made_up(difference: float, *, error: float = 0.01, degrees: float = 99, queries: int = 2000) -> Difference:
    return Difference(difference, 0, 0, False, 1, error, degrees, queries)


@pytest.mark.parametrize("gain", [0.001, -0.004, 0.015, 0.03])
def test_the_number_of_queries_is_the_smallest_that_resolves(gain: float) -> None:
    def resolves(queries: int) -> bool:
        growth = queries / 2000
        return bool(t.ppf(0.975, max(1, 99 * growth)) * 0.01 / math.sqrt(growth) < abs(gain))

    needed = queries_to_resolve(made_up(gain))
    assert needed is not None and resolves(needed) and not resolves(needed - 1)


def test_half_the_difference_needs_four_times_the_queries() -> None:
    whole, half = queries_to_resolve(made_up(0.002)), queries_to_resolve(made_up(0.001))
    assert whole is not None and half is not None and half / whole == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize("share", [0.45, 0.51, 0.7])
def test_fewer_queries_than_present_suffice_where_the_difference_is_resolved(share: float) -> None:
    generator = numpy_generator("resolve", str(share))
    a, b = generator.random(1000) < share, generator.random(1000) < 0.5
    difference = paired_difference(a, b, np.repeat(np.arange(50), 20))
    needed = queries_to_resolve(difference)
    assert needed is not None and (needed <= 1000) == difference.resolved


def test_no_number_of_queries_resolves_a_difference_of_0() -> None:
    assert queries_to_resolve(made_up(0.0)) is None


@pytest.mark.parametrize("values", [[0.01, 0.03], [0.01, -0.02, 0.005], [-0.1, -0.11, -0.12, -0.08]])
def test_the_number_of_seeds_is_the_smallest_that_resolves(values: list[float]) -> None:
    def resolves(seeds: int) -> bool:
        return bool(t.ppf(0.975, seeds - 1) * np.std(values, ddof=1) / math.sqrt(seeds) < abs(np.mean(values)))

    needed = seeds_to_resolve(values)
    assert needed is not None and resolves(needed)
    assert not any(resolves(seeds) for seeds in range(2, min(needed, 500)))


@pytest.mark.parametrize("values", [[0.01], [-0.5, 0.5]])
def test_one_seed_and_a_mean_of_0_have_no_number(values: list[float]) -> None:
    assert seeds_to_resolve(values) is None


def test_the_end_that_is_nearer_to_the_bound_clears_it_with_so_many_queries() -> None:
    interval = Interval(0.30, 0.20, 0.45)
    assert queries_to_clear(interval, 0.25, 100) == 401  # four times as many only touch the bound
    assert queries_to_clear(interval, 0.375, 100) == 401
    assert queries_to_clear(interval, 0.06, 100) == 18
    assert queries_to_clear(interval, 0.30, 100) is None
    assert queries_to_clear(Interval(math.inf, 2.0, math.inf), 3.0, 100) is None
