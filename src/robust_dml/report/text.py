"""Writes a table as lines for a terminal."""

from __future__ import annotations

from itertools import groupby

from robust_dml.report.table import Table, printed

GAP = "  "


def to_text(table: Table) -> str:
    """Return heads, rule and rows in columns of a fixed width; a failed check is marked and explained below."""
    heads = [*table.heads, *(column.label for column in table.columns)]
    lines = [heads, *_rows(table)]
    widths = _widths(table, lines)
    left = len(table.heads)
    rule = GAP.join("─" * width for width in widths)
    head, *rows = [_line(line, widths, left) for line in lines]
    return "\n".join([_groups(table, widths), head, rule, *rows, *(f"† {flag}" for flag in table.flags)])


def _rows(table: Table) -> list[list[str]]:
    lines = []
    for row in table.rows:
        words = [
            printed(cell, column.unit) + ("†" if cell.flags else "")
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        lines.append([*row.labels, *words])
    return lines


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
