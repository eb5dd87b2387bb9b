"""How far the training that keeps most is ahead of every other one, attacked and clean."""

from __future__ import annotations

from robust_dml.config import ModelName
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.seeds import mean
from robust_dml.report.selection import has_many_rivals, headline, measured_groups, models_in_panel
from robust_dml.report.table import Cell, Column, Row, Table
from robust_dml.report.tables.comparison import column_group, contrast_cell, queries_sentence

CAPTION = (
    "R@1 of the training with the highest R@1 under the headline attack minus that of each other one, in points, on the"
    " same queries and seeds; below it, the 95 % interval over queries, clustered by class. Bold (* in a terminal):"
    " resolved, over queries and over seeds. The first was chosen on these very queries, which flatters it a little."
)


def build(numbers: Numbers) -> Table:
    """Return a row per model of a dataset and loss but the first, highest first, and those that are not trained."""
    results = (CLEAN, headline(numbers.study))
    lines = []
    for group in measured_groups(numbers.study):
        models = _ordered(numbers, models_in_panel(numbers.study, group))
        for other in models[1:]:
            cells = tuple(_cell(numbers, models[0], other, at) for at in results)
            lines.append(Row((*group, models[0].training, other.training), cells, group))
    columns = tuple(Column(f"{at.label} lead", column_group(at), "lead", "points", "none") for at in results)
    caption = f"{CAPTION} {queries_sentence(numbers, lines)}"
    return Table(caption.rstrip(), ("dataset", "loss", "first", "compared with"), columns, tuple(lines))


def _ordered(numbers: Numbers, models: list[ModelName]) -> list[ModelName]:
    """Return the models that were measured, from the highest to the lowest R@1 under the headline attack."""
    at = headline(numbers.study)
    means = {model: mean(numbers.seeds(model, at)) for model in models}
    known = {model: value for model, value in means.items() if value is not None}
    return sorted(known, key=lambda model: -known[model])


def _cell(numbers: Numbers, first: ModelName, other: ModelName, at: AttackAt) -> Cell:
    found = numbers.contrast(first, other, at)
    if found is None:
        return Cell()
    return contrast_cell(found, other, [*numbers.flags(first, at.label), *numbers.flags(other, at.label)])


ENTRY = TableRecord(title="How far the first training leads", order=55, wanted=has_many_rivals, build=build)
