"""Values that a reader copied from the paper into config/reported.csv, beside the measured ones."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from robust_dml.config import Study
from robust_dml.records import TABLES
from robust_dml.report.table import Cell, Column, Row, Table
from robust_dml.runtime.errors import UserError

FIELDS = ("table", "row", "column", "value", "page")


@dataclass(frozen=True)
class Reported:
    """One value as printed; `row` and `column` are the keys of our table, `value` is in the unit of the column."""

    table: str
    row: str
    column: str
    value: float
    page: str
    place: str


def read_reported(path: Path) -> list[Reported]:
    """Read the file. Raises UserError that names the line of a mistake."""
    if not path.exists():
        raise UserError(f"{path}: no such file; it may be empty but for its head {','.join(FIELDS)}")
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = csv.DictReader(stream, strict=True)
            if tuple(lines.fieldnames or ()) != FIELDS:
                raise UserError(f"{path}: the first line must be {','.join(FIELDS)}")
            return [_reported(line, f"{path}, line {lines.line_num}") for line in lines]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a CSV file ({error}); save it as CSV in UTF-8") from error


def _reported(line: dict[str, str], place: str) -> Reported:
    if None in line or None in line.values():
        raise UserError(f"{place}: expected {len(FIELDS)} values, {','.join(FIELDS)}; quote a value that holds a comma")
    if line["table"] not in TABLES.names:
        raise UserError(f"{place}: no such table: {line['table']}; known are {', '.join(TABLES.names)}")
    try:
        value = float(line["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{place}: not a number: {line['value']!r}")
    return Reported(line["table"], line["row"], line["column"], value, line["page"], place)


def beside_ours(tables: Sequence[Table], reported: Sequence[Reported], study: Study) -> list[Table]:
    """Return the tables with the columns reported and difference beside each column that the file names.

    Rows of datasets that the study does not have are left out. Raises UserError for an unknown row or column of a
    dataset that it has.
    """
    here = [value for value in reported if value.row.split("/")[0] in study.datasets]
    return [_add(table, [value for value in here if value.table == table.name]) for table in tables]


def _add(table: Table, reported: Sequence[Reported]) -> Table:
    for value in reported:
        _require(value, "row", value.row, [row.key for row in table.rows])
        _require(value, "column", value.column, [c.key for c in table.columns if c.unit != "text"])
    named = {value.column for value in reported}
    values = {(value.row, value.column): value.value for value in reported}
    columns = [new for column in table.columns for new in _columns(column, column.key in named)]
    rows = tuple(_row(row, table.columns, named, values) for row in table.rows)
    pages = sorted({value.page for value in reported if value.page})
    note = f" Reported: as printed in the paper{', page ' + ', '.join(pages) if pages else ''}." if reported else ""
    return replace(table, columns=tuple(columns), rows=rows, caption=table.caption + note)


def _require(value: Reported, what: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise UserError(f"{value.place}: table {value.table} has no {what} {name!r}; known are {', '.join(known)}")


def _columns(column: Column, named: bool) -> list[Column]:
    if not named:
        return [column]
    unit = "points" if column.unit == "percent" else column.unit
    return [
        replace(column, key=f"{column.key} reported", label=f"{column.label} reported", better="none"),
        replace(column, label=f"{column.label} ours"),
        replace(column, key=f"{column.key} difference", label="difference", unit=unit, better="none"),
    ]


def _row(row: Row, columns: Sequence[Column], named: set[str], values: dict[tuple[str, str], float]) -> Row:
    cells: list[Cell] = []
    for cell, column in zip(row.cells, columns, strict=True):
        theirs = values.get((row.key, column.key))
        cells += _cells(cell, theirs) if column.key in named else [cell]
    return replace(row, cells=tuple(cells))


def _cells(ours: Cell, theirs: float | None) -> list[Cell]:
    if theirs is None or ours.mean is None:
        return [Cell(mean=theirs), ours, Cell()]
    return [Cell(mean=theirs), ours, _less(ours, theirs)]


def _less(ours: Cell, theirs: float) -> Cell:
    """Return our number minus the reported one, which is taken as exact."""

    def less(value: float | None) -> float | None:
        return None if value is None else value - theirs

    return replace(
        ours,
        mean=less(ours.mean),
        low=less(ours.low),
        high=less(ours.high),
        seeds_low=less(ours.seeds_low),
        seeds_high=less(ours.seeds_high),
        standing="",
    )
