"""The best of a block is marked only where it is told apart from every other row; else the ties are."""

from __future__ import annotations

from robust_dml.report.best import mark_best
from robust_dml.report.table import Cell, Column, Row, Table

COLUMNS = (Column("c", "", ""), Column("d", "", "", better="none"))


def standings(rows: list[tuple[tuple[str, str], float | None]], told_apart: float) -> list[str]:
    """The standing of each row in the first column, where a difference of more than `told_apart` is resolved."""
    table = Table(
        "", ("name",), COLUMNS, tuple(Row((str(n),), (Cell(mean=x), Cell(mean=x)), g) for n, (g, x) in enumerate(rows))
    )
    marked = mark_best(
        table, lambda first, second, column: abs(first.cells[0].mean - second.cells[0].mean) > told_apart
    )
    assert {row.cells[1].standing for row in marked.rows} == {""}
    return [row.cells[0].standing for row in marked.rows]


X, Y, NONE = ("digits", "triplet"), ("digits", "contrastive"), ("digits", "none")


def test_the_best_of_a_block_is_marked_where_it_is_resolved() -> None:
    assert standings([(X, 61.0), (X, 60.0), (X, 12.0), (Y, 5.0), (Y, 7.0)], 0.5) == ["best", "", "", "", "best"]


def test_rows_that_are_not_told_apart_from_the_best_are_tied() -> None:
    assert standings([(X, 61.0), (X, 60.0), (X, 12.0)], 2.0) == ["tied", "tied", ""]


def test_a_lone_number_has_no_mark() -> None:
    assert standings([(X, 61.0), (X, None), (Y, 3.0)], 0.5) == ["", "", ""]


def test_models_that_are_not_trained_are_rivals_in_every_block_of_their_dataset() -> None:
    assert standings([(X, 61.0), (Y, 80.0), (Y, 9.0), (NONE, 70.0)], 0.5) == ["", "best", "", ""]
    assert standings([(X, 61.0), (Y, 80.0), (NONE, 79.0)], 2.0) == ["", "tied", "tied"]
