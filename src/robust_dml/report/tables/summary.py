"""Natural against robust in a few numbers: a row per dataset and loss."""

from __future__ import annotations

from robust_dml.report.labels import result_label
from robust_dml.report.numbers import Numbers
from robust_dml.report.roles import CLEAN, groups, headline, natural, robust
from robust_dml.report.table import Column, Row, Table
from robust_dml.report.tables.comparison import footing


def build(numbers: Numbers) -> Table:
    """R@1 of the natural and of the robust model, unperturbed and under the headline attack."""
    study, main = numbers.study, headline(numbers.study)
    attacked = result_label(study, main)
    columns = (
        Column("natural clean", "R@1 unperturbed", "natural", better="none"),
        Column("robust clean", "R@1 unperturbed", "robust", better="none"),
        Column(f"natural {main.name}", f"R@1 under {attacked}", "natural", better="none"),
        Column(f"robust {main.name}", f"R@1 under {attacked}", "robust", better="none"),
        Column(f"fold {main.name}", f"R@1 under {attacked}", "fold", "fold", "none"),
    )
    rows = []
    for dataset, loss in groups(study):
        base, ours = natural(study, dataset, loss), robust(study, dataset, loss)
        if base and ours:
            before, after = (dataset, loss, base), (dataset, loss, ours)
            clean = (numbers.value(before, CLEAN), numbers.value(after, CLEAN))
            hard = (numbers.value(before, main), numbers.value(after, main), numbers.fold(after, main))
            rows.append(Row((dataset, loss, ours), (*clean, *hard), (dataset, loss)))
    caption = "Fold: R@1 of the robust model as a multiple of the natural one's under the same attack."
    heads = ("dataset", "loss", "robust training")
    return Table("summary", "At a glance", f"{caption} {footing(numbers, columns, rows)}", heads, columns, tuple(rows))
