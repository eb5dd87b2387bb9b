"""Ranking attacks: the score over them at each radius, beside what it must be read with, and each attack's number."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, level_label, threat_table, wants

CAPTION = (
    "Ranking attacks, all numbers times 100. ERS: mean of ten normalised scores; it rewards embeddings that collapse,"
    " so clean R@1, the mean cosine between clean embeddings and the share of models that count as collapsed stand"
    " beside it. Each attack at the largest radius: rank, the share of the gallery before the item that CA and QA move"
    " (+ wants 0, - wants 100); kept, that of the items that SPQA holds first; cosine to TMA's target; shift, ES's"
    " distance from the clean embedding; R@1 under ES, LTM and GTM; queries whose first item stays in the top 4 under"
    " GTT; pairs of items in the order that OA wants."
)
LABELS = {"recall@1": "R@1", "kept-rank": "kept"}


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return clean numbers, ERS and collapse at each radius, and each attack's numbers at the largest."""
    rows = list(rows)
    levels = sorted({row.level for row in rows})
    last = levels[-1]
    shown = [Shown("clean", 0.0, "recall@1", "clean", "R@1"), Shown("clean", 0.0, "cosine", "clean", "cosine")]
    scored = sorted({row.level for row in rows if row.setting == "ERS"})
    for level in scored:
        group = level_label(level)
        shown += [Shown("ERS", level, "ers", group, "ERS"), Shown("ERS", level, "collapsed", group, "collapsed")]
    numbers = dict.fromkeys((row.setting, row.metric) for row in rows if row.setting not in ("clean", "ERS"))
    return shown + [
        Shown(name, last, metric, f"{name}, {level_label(last)}", LABELS.get(metric, metric))
        for name, metric in numbers
    ]


def build(numbers: Numbers) -> Table:
    """Return a row per model and threat."""
    return threat_table(numbers, "ranking", columns, CAPTION)


ENTRY = TableRecord(title="Ranking attacks", order=220, wanted=wants("ranking"), build=build)
