"""How far robust training is ahead of natural training and of models that are not trained, in the worst case."""

from __future__ import annotations

from dataclasses import replace

from robust_dml.config import ModelName, Study
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.gains import Gain, gains, others, subject
from robust_dml.report.selection import curve
from robust_dml.report.table import Cell, Row, Table
from robust_dml.report.tables.comparison import contrast_cell, curve_column, queries_sentence

CAPTION = (
    "R@1 of {} minus that of each row, in points, on the same queries and seeds; below it, the 95 % interval over "
    "queries, clustered by class. Bold (* in a terminal): resolved, over queries and over seeds."
)


def build(numbers: Numbers) -> Table:
    """Return a row per model that the subject is compared with, and a column per radius of the worst case."""
    model = subject(numbers.study)
    found = gains(numbers, model) if model else []
    radii = curve(numbers.study)
    columns = tuple(replace(curve_column(at), key=f"{at.label} gain", unit="points", better="none") for at in radii)
    rows = tuple(
        Row(tuple(other), tuple(_cell(numbers, found, other, at.label) for at in radii))
        for other in (others(numbers.study, model) if model else [])
    )
    caption = f"{CAPTION.format(model.training if model else 'it')} {queries_sentence(numbers, rows)}"
    return Table(caption.rstrip(), ("dataset", "loss", "compared with"), columns, rows)


def _cell(numbers: Numbers, found: list[Gain], other: ModelName, label: str) -> Cell:
    gain = next((gain for gain in found if (gain.other, gain.at.label) == (other, label)), None)
    if gain is None:
        return Cell()
    return contrast_cell(gain.contrast, gain.other, numbers.flags(gain.other, label))


def _wanted(study: Study) -> bool:
    model = subject(study)
    return model is not None and bool(others(study, model))


ENTRY = TableRecord(title="What robust training gains in the worst case", order=15, wanted=_wanted, build=build)
