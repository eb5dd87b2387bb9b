"""Recall@1 under common corruptions and edits: the mean over edits, the worst edit, and each at the middle severity."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, threat_table, wants

CAPTION = (
    "Common corruptions and edits of the query, gallery clean unless it says so: R@1 (in percent), masked protocol."
    " Mean: over all edits at a severity; worst: the edit with the lowest R@1 of that model and seed. Beside them each"
    " edit at the middle severity."
)


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return clean, mean and worst edit at each severity, and each edit at the middle severity."""
    rows = list(rows)
    levels = sorted({row.level for row in rows if row.level})
    middle = levels[len(levels) // 2]
    settings = dict.fromkeys(row.setting for row in rows if row.level == middle)
    sums = [name for name in settings if name.startswith(("mean edit", "worst edit"))]
    shown = [Shown("clean", 0.0, "recall@1", "clean", "R@1")]
    shown += [Shown(name, level, "recall@1", name, f"{level:g}") for name in sums for level in levels]
    single = [name for name in settings if name not in sums]
    return shown + [Shown(name, middle, "recall@1", f"severity {middle:g}", name) for name in single]


def build(numbers: Numbers) -> Table:
    """Return a row per model."""
    return threat_table(numbers, "edits", columns, CAPTION)


ENTRY = TableRecord(title="Common corruptions and edits", order=210, wanted=wants("edits"), build=build)
