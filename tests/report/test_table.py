"""How numbers are printed: signs, intervals, marks, nothing that rounds to a negative zero."""

from __future__ import annotations

import math

import pytest

from robust_dml.report.table import Cell, Flag, Unit, ends, marks, number, printed, rounded
from robust_dml.statistics import Interval

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (68.25, "percent", "68.2"),
        (-0.04, "percent", "0.0"),
        (-0.04, "points", "0.0"),
        (0.04, "points", "0.0"),
        (2.5, "points", "+2.5"),
        (-2.5, "points", f"{MINUS}2.5"),
        (1.944, "fold", "1.94"),
        (math.inf, "fold", "∞"),
    ],
)
def test_a_value_is_rounded_without_a_negative_zero(value: float, unit: Unit, text: str) -> None:
    assert rounded(value, unit) == text


def test_a_number_has_both_intervals() -> None:
    cell = number({0: 0.5, 1: 0.6, 2: 0.7}, interval=Interval(0.6, 0.55, 0.65))
    assert printed(cell, "percent") == "60.0 ± 10.0"
    assert ends(cell, "percent") == "55.0\N{EN DASH}65.0"
    half = 4.302653 * 10 / math.sqrt(3)
    assert (cell.seeds_low, cell.seeds_high) == pytest.approx((60 - half, 60 + half))


def test_differences_have_signs_at_both_ends() -> None:
    cell = number({0: 0.01}, "points", interval=Interval(0.01, -0.02, 0.04))
    assert ends(cell, "points") == f"{MINUS}2.0 to +4.0"
    assert cell.seeds_low is None


def test_marks_say_best_tied_and_doubtful() -> None:
    flags = (Flag("more steps", "why"),)
    assert [marks(Cell(standing="best")), marks(Cell(standing="tied", flags=flags)), marks(Cell())] == ["*", "=†", ""]
