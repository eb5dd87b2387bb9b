"""Where promoted and demoted gallery images come."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, level_label, threat_table, wants

CAPTION = (
    "Promoted and demoted candidates: one gallery image, perturbed so that it comes first for the queries of another"
    " class (promote) or last for those of its own (demote). Rank: share of the gallery that comes before it for"
    " held-out queries (in percent; 0 is the first place). Shown: share of these queries that have it among their"
    " nearest, as many as the threat's `rank` says. What changes least from the clean columns is safest."
)


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return for each aim, at each radius, the mean rank and the share shown."""
    rows = list(rows)
    levels = sorted({row.level for row in rows})
    return [
        Shown(aim, level, metric, f"{aim}, {level_label(level)}", label)
        for aim in dict.fromkeys(row.setting for row in rows)
        for level in levels
        for metric, label in (("percentile", "rank"), ("shown", "shown"))
    ]


def build(numbers: Numbers) -> Table:
    """Return a row per model."""
    return threat_table(numbers, "candidate", columns, CAPTION)


ENTRY = TableRecord(title="Promoted and demoted candidates", order=202, wanted=wants("candidate"), build=build)
