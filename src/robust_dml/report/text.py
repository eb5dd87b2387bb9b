"""Writes a table as lines for a terminal."""

from __future__ import annotations

from itertools import groupby

from robust_dml.report.table import DOUBTFUL, Row, Table, ends, marks, printed

GAP = "  "


def to_text(table: Table) -> str:
    """Return heads, rule and rows in columns of a fixed width.

    Each row has a second line with the intervals. Marks follow the numbers; one line below says what a dagger means.
    """
    heads = [*table.heads, *(column.label for column in table.columns)]
    lines = [heads, *(line for row in table.rows for line in _lines(table, row))]
    widths = _widths(table, lines)
    left = len(table.heads)
    rule = GAP.join("─" * width for width in widths)
    head, *rows = [_line(line, widths, left) for line in lines]
    notes = [f"{DOUBTFUL} {table.note}"] if table.note else []
    return "\n".join([_groups(table, widths), head, rule, *rows, *notes])


def _lines(table: Table, row: Row) -> list[list[str]]:
    """Return the numbers of a row and, if any is known, their intervals below."""
    pairs = list(zip(row.cells, table.columns, strict=True))
    room = max((len(marks(cell)) for each in table.rows for cell in each.cells), default=0)
    numbers = [printed(cell, column.unit) + marks(cell).ljust(room) for cell, column in pairs]
    intervals = [ends(cell, column.unit) + " " * room for cell, column in pairs]
    below = [[""] * len(row.labels) + intervals] if any(map(str.strip, intervals)) else []
    return [[*row.labels, *numbers], *below]


def _widths(table: Table, lines: list[list[str]]) -> list[int]:
    """Return the width of each column in characters; the first column of a group makes room for the group's name."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for start, count, name in _spans(table):
        widths[start] += max(0, len(name) - _width(widths[start : start + count]))
    return widths


def _spans(table: Table) -> list[tuple[int, int, str]]:
    """Return the first column, the number of columns and the name of each group of columns."""
    spans, start = [], len(table.heads)
    for name, columns in groupby(table.columns, key=lambda column: column.group):
        count = len(list(columns))
        spans.append((start, count, name))
        start += count
    return spans


def _width(widths: list[int]) -> int:
    """Return the width of neighbouring columns with the gaps between them."""
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _groups(table: Table, widths: list[int]) -> str:
    parts = [" " * width for width in widths[: len(table.heads)]]
    parts += [name.center(_width(widths[start : start + count])) for start, count, name in _spans(table)]
    return GAP.join(parts).rstrip()


def _line(words: list[str], widths: list[int], left: int) -> str:
    """Return words in columns, the first `left` of them aligned to the left and the others to the right."""
    labels = [word.ljust(width) for word, width in zip(words[:left], widths[:left], strict=True)]
    values = [word.rjust(width) for word, width in zip(words[left:], widths[left:], strict=True)]
    return GAP.join([*labels, *values]).rstrip()
