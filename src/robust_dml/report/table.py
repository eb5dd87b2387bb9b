"""A table before it becomes CSV, LaTeX or HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from robust_dml.config import ModelName
from robust_dml.report.seeds import Seeds, mean, spread

Unit = Literal["percent", "points", "fold", "text"]
Better = Literal["higher", "none"]


@dataclass(frozen=True)
class Column:
    """`key` names it in CSV and reported.csv; `group` is the upper line of the head, `label` the lower one."""

    key: str
    group: str
    label: str
    unit: Unit = "percent"
    better: Better = "higher"


@dataclass(frozen=True)
class Cell:
    """One number: mean and spread over seeds in the unit of its column, its model, and the failed checks."""

    mean: float | None = None
    spread: float | None = None
    seeds: int = 0
    text: str = ""
    best: bool = False
    model: ModelName | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """`labels` are the first cells; the best number is marked among the rows of one `group`."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    group: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name of the row in reported.csv."""
        return "/".join(self.labels)


@dataclass(frozen=True)
class Table:
    """A finished table. `name` is that of its files; name and title are added from its record."""

    caption: str
    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    name: str = ""
    title: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """Each failed check that taints a number of the table, once."""
        return tuple(dict.fromkeys(flag for row in self.rows for cell in row.cells for flag in cell.flags))


MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"
SCALE = {"percent": 100.0, "points": 100.0, "fold": 1.0, "text": 1.0}
DIGITS = {"percent": 1, "points": 1, "fold": 2, "text": 0}


def number(
    seeds: Seeds,
    unit: Unit = "percent",
    *,
    middle: float | None = None,
    model: ModelName | None = None,
    flags: Sequence[str] = (),
) -> Cell:
    """Return the cell of one value per seed, a share or a ratio; an empty cell without any.

    `middle` replaces the mean over seeds, for example by the ratio of two means.
    """
    middle = mean(seeds) if middle is None else middle
    if middle is None:
        return Cell()
    scale, width = SCALE[unit], spread(seeds)
    return Cell(
        mean=middle * scale,
        spread=None if width is None else width * scale,
        seeds=len(seeds),
        model=model,
        flags=tuple(flags),
    )


def rounded(value: float, unit: Unit) -> str:
    """Return a value as it is printed; a difference has a sign."""
    if math.isinf(value):
        return "∞"
    text = f"{value:+.{DIGITS[unit]}f}" if unit == "points" else f"{value:.{DIGITS[unit]}f}"
    return text.replace("-", MINUS)


def printed(cell: Cell, unit: Unit) -> str:
    """Return `68.2 ± 1.1`, `1.94 ± 0.05`, a dash if nothing was measured, or the cell's own text."""
    if cell.text or cell.mean is None:
        return cell.text or NOTHING
    width = "" if cell.spread is None else f" ± {rounded(cell.spread, 'percent' if unit == 'points' else unit)}"
    return f"{rounded(cell.mean, unit)}{width}"


def mark_best(table: Table) -> Table:
    """Return the table with the best numbers of every group marked.

    Numbers that are printed alike share the mark; a lone number has none.
    """
    rows = [list(row.cells) for row in table.rows]
    for index, column in enumerate(table.columns):
        if column.better == "none":
            continue
        for group in dict.fromkeys(row.group for row in table.rows):
            members = [n for n, row in enumerate(table.rows) if row.group == group]
            for n in _best(members, [rows[n][index] for n in members], column.unit):
                rows[n][index] = replace(rows[n][index], best=True)
    marked = tuple(replace(row, cells=tuple(cells)) for row, cells in zip(table.rows, rows, strict=True))
    return replace(table, rows=marked)


def _best(members: list[int], cells: list[Cell], unit: Unit) -> list[int]:
    known = [(n, cell.mean) for n, cell in zip(members, cells, strict=True) if cell.mean is not None]
    if len(known) < 2:
        return []
    top = rounded(max(value for _, value in known), unit)
    best = [n for n, value in known if rounded(value, unit) == top]
    return best if len(best) < len(known) else []
