"""How many copies evade near-duplicate detection, and how many images are taken for another's copy."""

from __future__ import annotations

from collections.abc import Iterable

from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table
from robust_dml.report.threats import Shown, ThreatRow, level_label, threat_table, wants

CAPTION = (
    "Near-duplicate detection by a threshold on the distance of embeddings, chosen so that a stated share of clean"
    " pairs of different classes is called copies (false alarms). Evasion: perturbed copies that are no longer found"
    " near their own original. Random: copies under a random perturbation of the same size. Collision: images that are"
    " called a copy of one other image, of another class, chosen at random. In percent; lower is safer."
)
SETTINGS = {"evasion": "evasion", "random copy": "random", "collision": "collision"}


def columns(rows: Iterable[ThreatRow]) -> list[Shown]:
    """Return false alarms, then at each radius evasion, random copies and collision."""
    shown = [Shown("threshold", 0.0, "false alarms", "clean", "false alarms")]
    return shown + [
        Shown(setting, level, "broken", level_label(level), label)
        for level in sorted({row.level for row in rows})
        for setting, label in SETTINGS.items()
    ]


def build(numbers: Numbers) -> Table:
    """Return a row per model."""
    return threat_table(numbers, "near-duplicate", columns, CAPTION)


ENTRY = TableRecord(title="Near-duplicates", order=204, wanted=wants("near-duplicate"), build=build)
