"""How strong each attack is: R@1 that it leaves, for every attack and epsilon."""

from __future__ import annotations

from robust_dml.report.cells import Numbers
from robust_dml.report.labels import attack_label, objective_label, threat_label
from robust_dml.report.selection import CLEAN, groups, results_of, trainings_of
from robust_dml.report.table import Cell, Column, Row, Table
from robust_dml.report.tables.comparison import footing


def build(numbers: Numbers) -> Table:
    """A row per dataset, loss and attack; a column per training."""
    study = numbers.study
    columns = tuple(Column(name, "R@1 after training", name, better="none") for name in study.trainings)
    rows = []
    for dataset, loss in groups(study):
        here = trainings_of(study, dataset, loss)
        for result in [CLEAN, *results_of(study)]:
            cells = (
                numbers.value((dataset, loss, name), result) if name in here else Cell() for name in study.trainings
            )
            labels = (
                dataset,
                loss,
                attack_label(result.attack),
                objective_label(study, result),
                threat_label(study, result),
            )
            rows.append(Row(labels, tuple(cells), (dataset, loss)))
    caption = (
        "R@1 under every attack of the study; lower means a stronger attack. The worst case counts a query as broken "
        "if any attack of its ensemble breaks it; noise, transfer and gradient-free attacks are controls. "
        "Verdicts of the sanity checks stand in the table of checks."
    )
    return Table(
        "attacks",
        "Attack strength",
        f"{caption} {footing(numbers, columns, rows)}",
        ("dataset", "loss", "attack", "objective", "threat"),
        columns,
        tuple(rows),
    )
