"""McNemar's exact test, restated with the binomial test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from robust_dml.statistics import mcnemar


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 6), (6, 0), (3, 9), (20, 21), (1, 0)])
def test_the_p_value_is_the_binomial_tests_of_the_discordant_queries(only_a: int, only_b: int) -> None:
    both = np.ones(10, dtype=bool)
    a = np.concatenate([both, np.ones(only_a, bool), np.zeros(only_b, bool)])
    b = np.concatenate([both, np.zeros(only_a, bool), np.ones(only_b, bool)])
    assert mcnemar(a, b) == pytest.approx(binomtest(only_a, only_a + only_b).pvalue)


def test_methods_that_agree_everywhere_have_a_p_value_of_1() -> None:
    assert mcnemar(np.array([True, False]), np.array([True, False])) == 1


def test_outcomes_of_different_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="same queries"):
        mcnemar(np.ones(2, bool), np.ones(3, bool))
