"""Recall@1 under one patch for all queries, learned on training images."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, threat_table, wants

CAPTION = (
    "One patch of any pixels, over a part of every query: R@1 (in percent) against a clean gallery, masked"
    " protocol. It is learned on the images of training, whose classes are others than those of the queries."
    " Random: the same with a random patch of the same size. Higher is safer."
)


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return clean, and at each area a random and the learned patch."""
    return [Shown("clean", 0.0, "recall@1", "clean", "R@1")] + [
        Shown(setting, level, "recall@1", f"area {level:g}", label)
        for level in sorted({row.level for row in rows if row.level})
        for setting, label in (("random patch", "random"), ("patch", "learned"))
    ]


def build(numbers: Numbers) -> Table:
    """Return a row per model."""
    return threat_table(numbers, "patch", columns, CAPTION)


ENTRY = TableRecord(title="Adversarial patch", order=208, wanted=wants("patch"), build=build)
