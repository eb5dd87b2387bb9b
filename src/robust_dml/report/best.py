"""Marks the best of a block where it is resolved, and the ties where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from robust_dml.config.models import NO_LOSS
from robust_dml.report.table import Column, Row, Standing, Table


class Resolved(Protocol):
    """Whether the difference of two rows is resolved in a column."""

    def __call__(self, first: Row, second: Row, column: Column) -> bool: ...


def mark_best(table: Table, resolved: Resolved) -> Table:
    """Return the table with the standing of every number: the best of its block, or tied with the best.

    A number is the best where its difference to every other of its block is resolved. Else it is tied with each that it
    is not told apart from. A block is a dataset and loss, with the models of the dataset that are not trained.
    """
    standings: list[dict[int, Standing]] = [{} for _ in table.columns]
    for group in dict.fromkeys(row.group for row in table.rows):
        block = [n for n, row in enumerate(table.rows) if row.group == group or _compared(row.group, group)]
        for index, column in enumerate(table.columns):
            if column.better != "none":
                found = _standings(table.rows, block, index, partial(resolved, column=column))
                standings[index] |= {n: found[n] for n in found if table.rows[n].group == group}
    return replace(table, rows=tuple(_marked(n, row, standings) for n, row in enumerate(table.rows)))


def _compared(group: Sequence[str], of: Sequence[str]) -> bool:
    """Return whether one of two groups of a dataset holds its models that are not trained."""
    return group[:1] == of[:1] and NO_LOSS in (*group[1:], *of[1:])


def _standings(
    rows: Sequence[Row], block: Iterable[int], index: int, resolved: Callable[[Row, Row], bool]
) -> dict[int, Standing]:
    means = {n: mean for n in block if (mean := rows[n].cells[index].mean) is not None}
    if len(means) < 2:
        return {}
    top = max(means, key=lambda n: means[n])
    tied = [n for n in means if n != top and not resolved(rows[top], rows[n])]
    return dict.fromkeys([top, *tied], "tied") if tied else {top: "best"}


def _marked(n: int, row: Row, standings: Sequence[dict[int, Standing]]) -> Row:
    cells = (replace(cell, standing=found.get(n, "")) for cell, found in zip(row.cells, standings, strict=True))
    return replace(row, cells=tuple(cells))
