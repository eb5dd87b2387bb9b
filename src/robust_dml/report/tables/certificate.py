"""Certified recall@1 of the smoothed model, and its recall@1 under PGD."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, threat_table, wants

CAPTION = (
    "Certified recall@1 of the model under Gaussian noise (in percent): queries whose nearest neighbour stays right"
    " under any perturbation of so large an l2 norm, but for the stated chance. RG: by the bound of RetrievalGuard."
    " PGD: the same smoothed model under attack, which cannot be below. Abstained: right, and not certified at any"
    " radius; they count as not certified. Not smoothed: the model without noise."
)


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return the model without noise and abstentions, then at each radius both certificates and the attack."""
    shown = [
        Shown("not smoothed", 0.0, "recall@1", "clean", "not smoothed"),
        Shown("abstained", 0.0, "abstained", "clean", "abstained"),
    ]
    return shown + [
        Shown(setting, level, "recall@1", f"l2 {level:.3g}" if level else "clean", label)
        for level in sorted({row.level for row in rows})
        for setting, label in (("certified", "certified"), ("RetrievalGuard", "RG"), ("empirical", "PGD"))
    ]


def build(numbers: Numbers) -> Table:
    """Return a row per model."""
    return threat_table(numbers, "certificate", columns, CAPTION)


ENTRY = TableRecord(title="Certified recall", order=230, wanted=wants("certificate"), build=build)
