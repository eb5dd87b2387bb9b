"""A table before it becomes CSV, LaTeX or HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from robust_dml.report.metrics import Seeds, mean, spread

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
    """One number: its mean and spread over seeds in the unit of its column, and what it rests on."""

    mean: float | None = None
    spread: float | None = None
    seeds: int = 0
    text: str = ""
    best: bool = False
    model: tuple[str, str, str] | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """`labels` stand in front; `group` is what its best number competes within."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    group: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What reported.csv calls it."""
        return "/".join(self.labels)


@dataclass(frozen=True)
class Table:
    """A finished table; `name` is that of its files."""

    name: str
    title: str
    caption: str
    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """Every failed check that taints a number of the table, each once."""
        return tuple(dict.fromkeys(flag for row in self.rows for cell in row.cells for flag in cell.flags))


MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"
SCALE = {"percent": 100.0, "points": 100.0, "fold": 1.0, "text": 1.0}
DIGITS = {"percent": 1, "points": 1, "fold": 2, "text": 0}


def number(
    seeds: Seeds,
    unit: Unit = "percent",
    *,
    middle: float | None = None,
    model: tuple[str, str, str] | None = None,
    flags: Sequence[str] = (),
) -> Cell:
    """The cell of one value per seed, a fraction or a ratio; an empty cell without any.

    `middle` takes the place of the mean over seeds, as the ratio of two means does.
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
    """A value as it is printed; signed if it is a difference, and never minus zero."""
    if math.isinf(value):
        return "∞"
    text = f"{value:+.{DIGITS[unit]}f}" if unit == "points" else f"{value:.{DIGITS[unit]}f}"
    return text.replace("-", MINUS)


def printed(cell: Cell, unit: Unit) -> str:
    """`68.2 ± 1.1`, `1.94 ± 0.05`, a dash where nothing was measured, or the cell's own text."""
    if cell.text or cell.mean is None:
        return cell.text or NOTHING
    width = "" if cell.spread is None else f" ± {rounded(cell.spread, 'percent' if unit == 'points' else unit)}"
    return f"{rounded(cell.mean, unit)}{width}"


def mark_best(table: Table) -> Table:
    """Mark the best numbers of every group; equal ones as printed share the mark, a lone number has none."""
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
