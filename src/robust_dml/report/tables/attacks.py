"""How strong each attack is: the R@1 that it leaves, at each of its radii."""

from __future__ import annotations

from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.labels import attack_label, objective_label, threat_label
from robust_dml.report.selection import Group, groups, trainings_of
from robust_dml.report.table import Cell, Column, Row, Table
from robust_dml.report.tables.comparison import footing

CAPTION = (
    "R@1 under every attack of the study; lower means a stronger attack. The worst case counts a query as broken "
    "if any attack of its ensemble breaks it; noise, transfer and gradient-free attacks are controls. "
    "Verdicts of the sanity checks stand in the table of checks."
)


def build(numbers: Numbers) -> Table:
    """Return a row per dataset, loss and attack; a column per training."""
    study = numbers.study
    columns = tuple(Column(name, "R@1 after training", name, better="none") for name in study.trainings)
    rows = tuple(_row(numbers, group, at) for group in groups(study) for at in (CLEAN, *attacks_of(study)))
    heads = ("dataset", "loss", "attack", "objective", "threat")
    return Table(f"{CAPTION} {footing(numbers, columns, rows)}", heads, columns, rows)


def _row(numbers: Numbers, group: Group, at: AttackAt) -> Row:
    here = trainings_of(numbers.study, group)
    trainings = numbers.study.trainings
    cells = (numbers.value(group.model(name), at) if name in here else Cell() for name in trainings)
    return Row((*group, attack_label(at), objective_label(at), threat_label(at)), tuple(cells), group)


ENTRY = TableRecord(title="Attack strength", order=70, build=build)
