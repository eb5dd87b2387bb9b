"""Recall@1 under one perturbation for all queries, learned on training images."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, level_label, threat_table, wants

CAPTION = (
    "One perturbation, added to every query: R@1 (in percent) against a clean gallery, masked protocol. It is"
    " learned on the images of training, whose classes are others than those of the queries. Random: the same with"
    " a random perturbation of the same size. Higher is safer."
)


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return clean, and at each radius a random and the learned perturbation."""
    return [Shown("clean", 0.0, "recall@1", "clean", "R@1")] + [
        Shown(setting, level, "recall@1", level_label(level), label)
        for level in sorted({row.level for row in rows if row.level})
        for setting, label in (("random perturbation", "random"), ("perturbation", "learned"))
    ]


def build(numbers: Numbers) -> Table:
    """Return a row per model."""
    return threat_table(numbers, "universal", columns, CAPTION)


ENTRY = TableRecord(title="Universal perturbation", order=206, wanted=wants("universal"), build=build)
