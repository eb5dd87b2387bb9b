"""What adversarial hubs capture, and how well they are detected."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, level_label, threat_table, wants

CAPTION = (
    "Adversarial hubs: share of held-out queries of other classes that have one perturbed gallery image among their"
    " nearest, as many as the option `rank` says (in percent). Natural: the clean image that captures most. Best: of"
    " the candidates, the one that captures most of the attacker's queries. Mean: over all candidates. AUC and found:"
    " k-occurrence as a detector of the candidates, over all thresholds and at 1 % false alarms. Lower shares and a"
    " higher AUC are safer."
)


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return natural hub, then at each radius best and mean candidate, AUC and share found."""
    shown = [Shown("natural hub", 0.0, "captured", "clean", "natural")]
    for level in sorted({row.level for row in rows}):
        group = level_label(level)
        shown += [
            Shown("best candidate", level, "captured", group, "best"),
            Shown("mean candidate", level, "captured", group, "mean"),
        ]
        if level:
            shown += [
                Shown("k-occurrence", level, "auc", group, "AUC"),
                Shown("k-occurrence", level, "found", group, "found"),
            ]
    return shown


def build(numbers: Numbers) -> Table:
    """Return a row per model."""
    return threat_table(numbers, "hub", columns, CAPTION)


ENTRY = TableRecord(title="Adversarial hubs", order=200, wanted=wants("hub"), build=build)
