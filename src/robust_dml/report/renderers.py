"""Writes a table as CSV, as LaTeX with booktabs, and as an HTML page of its own."""

from __future__ import annotations

import csv
import io
import re
from itertools import groupby

from robust_dml.report.table import Cell, Column, Table, ends, marks, printed
from robust_dml.report.templates import render

LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "ε": r"$\varepsilon$",
    "±": r"$\pm$",
    "†": r"$^\dagger$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "∞": r"$\infty$",
    "\N{SCRIPT SMALL L}\N{INFINITY}": r"$\ell_\infty$",
    "\N{SCRIPT SMALL L}\N{SUBSCRIPT TWO}": r"$\ell_2$",
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "“": "``",
    "”": "''",
}
WIDE = 6
CSV_PARTS = ("spread", "low", "high", "seeds low", "seeds high")
"""The columns behind a number: its spread, the ends of its interval over queries, and of that over seeds."""
_SPECIAL = re.compile("|".join(map(re.escape, sorted(LATEX, key=len, reverse=True))))


def to_csv(table: Table) -> str:
    """Return a line per row: labels, mean, spread and intervals of each column, number of seeds, failed checks."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [name for column in table.columns for name in _csv_names(column)]
    writer.writerow([*table.heads, *names, "seeds", "failed checks"])
    for row in table.rows:
        values = [value for cell, c in zip(row.cells, table.columns, strict=True) for value in _csv_values(cell, c)]
        flags = dict.fromkeys(flag.text for cell in row.cells for flag in cell.flags)
        writer.writerow([*row.labels, *values, max((cell.seeds for cell in row.cells), default=0), "; ".join(flags)])
    return out.getvalue()


def _csv_names(column: Column) -> list[str]:
    return [column.key] if column.unit == "text" else [column.key, *(f"{column.key} {name}" for name in CSV_PARTS)]


def _csv_values(cell: Cell, column: Column) -> list[str]:
    if column.unit == "text":
        return [cell.text]
    values = (cell.mean, cell.spread, cell.low, cell.high, cell.seeds_low, cell.seeds_high)
    return ["" if value is None else f"{value:.4f}" for value in values]


def to_latex(table: Table) -> str:
    """Return a `table` environment, which needs the packages booktabs and graphicx."""
    heads, columns = len(table.heads), len(table.columns)
    wide = heads + columns > WIDE
    lines = [
        r"% needs \usepackage{booktabs,graphicx}",
        r"\begin{table}",
        rf"\caption{{{escape(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        r"\centering\small",
        *([r"\resizebox{\textwidth}{!}{%"] if wide else []),
        rf"\begin{{tabular}}{{{'l' * heads}{'r' * columns}}}",
        r"\toprule",
        *_latex_head(table),
        r"\midrule",
        *_latex_body(table),
        r"\bottomrule",
        r"\end{tabular}" + ("}" if wide else ""),
        *_latex_notes(table),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_head(table: Table) -> list[str]:
    at, groups, rules = len(table.heads) + 1, [], []
    for name, columns in groupby(table.columns, key=lambda column: column.group):
        width = len(list(columns))
        groups.append(rf"\multicolumn{{{width}}}{{c}}{{{escape(name)}}}")
        rules.append(rf"\cmidrule(lr){{{at}-{at + width - 1}}}")
        at += width
    upper = " & ".join([*[""] * len(table.heads), *groups]) + r" \\"
    lower = " & ".join([escape(text) for text in (*table.heads, *(c.label for c in table.columns))]) + r" \\"
    return [upper, "".join(rules), lower]


def _latex_body(table: Table) -> list[str]:
    lines = []
    for index, (_, rows) in enumerate(groupby(table.rows, key=lambda row: row.group)):
        lines += [r"\addlinespace"] if index else []
        for row in rows:
            cells = [_latex_cell(cell, column) for cell, column in zip(row.cells, table.columns, strict=True)]
            lines.append(" & ".join([*map(escape, row.labels), *cells]) + r" \\")
    return lines


def _latex_cell(cell: Cell, column: Column) -> str:
    text = escape(printed(cell, column.unit))
    interval = ends(cell, column.unit)
    number = rf"{{\boldmath\textbf{{{text}}}}}" if cell.standing == "best" else text
    mark = escape(marks(cell).replace("*", "").replace("=", "")) + (r"$^{=}$" if cell.standing == "tied" else "")
    return f"{number}{mark}" + (rf" {{\scriptsize {escape(interval)}}}" if interval else "")


def _latex_notes(table: Table) -> list[str]:
    return [rf"\par\smallskip\footnotesize {escape('† ' + table.note)}."] if table.note else []


def escape(text: str) -> str:
    """Return text with the characters that LaTeX would read as commands escaped."""
    return _SPECIAL.sub(lambda found: LATEX[found[0]], text)


def to_html(table: Table) -> str:
    """Return an HTML page that holds the table alone."""
    return render("table.html.j2", table=table)


FORMATS = {"csv": to_csv, "tex": to_latex, "html": to_html}
