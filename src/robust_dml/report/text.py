"""A table as lines for a terminal."""

from __future__ import annotations

from itertools import groupby

from robust_dml.report.table import Table, printed

GAP = "  "


def to_text(table: Table) -> str:
    """Heads, rule and rows, in columns of a fixed width; a failed check is marked and explained below."""
    lines = [[*table.heads, *(column.label for column in table.columns)]]
    for row in table.rows:
        cells = zip(row.cells, table.columns, strict=True)
        lines.append([*row.labels, *(printed(cell, column.unit) + "†" * bool(cell.flags) for cell, column in cells)])
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    for start, width, name in _spans(table):
        widths[start] += max(0, len(name) - sum(widths[start : start + width]) - len(GAP) * (width - 1))
    left = len(table.heads)
    text = [_upper(table, widths), *(_line(line, widths, left) for line in lines)]
    text.insert(2, GAP.join("─" * width for width in widths))
    return "\n".join([*text, *(f"† {flag}" for flag in table.flags)])


def _spans(table: Table) -> list[tuple[int, int, str]]:
    spans, at = [], len(table.heads)
    for name, columns in groupby(table.columns, key=lambda column: column.group):
        width = len(list(columns))
        spans.append((at, width, name))
        at += width
    return spans


def _upper(table: Table, widths: list[int]) -> str:
    parts = [" " * width for width in widths[: len(table.heads)]]
    for start, width, name in _spans(table):
        parts.append(name.center(sum(widths[start : start + width]) + len(GAP) * (width - 1)))
    return GAP.join(parts).rstrip()


def _line(words: list[str], widths: list[int], left: int) -> str:
    pairs = enumerate(zip(words, widths, strict=True))
    return GAP.join(word.ljust(width) if n < left else word.rjust(width) for n, (word, width) in pairs).rstrip()
