"""The verdicts of the attacks' sanity checks."""

from __future__ import annotations

from collections import Counter

from robust_dml.report.cells import Numbers
from robust_dml.report.flags import Checks, Model, sentence
from robust_dml.report.selection import groups
from robust_dml.report.table import Cell, Column, Row, Table

VERDICTS = ("fail", "pass", "not run")


def build(numbers: Numbers) -> Table:
    """A row per dataset, loss and check; a column per training, with the number of seeds of each verdict."""
    study, sanity = numbers.study, numbers.sanity
    columns = tuple(Column(name, "verdict after training", name, "text", "none") for name in study.trainings)
    rows = []
    for dataset, loss in groups(study):
        models: list[Model] = [(dataset, loss, training) for training in study.trainings]
        names = dict.fromkeys(check["check"] for model in models for _, check in sanity.checks.get(model, []))
        for name in names:
            cells = tuple(_cell(model, sanity.verdicts(model, name)) for model in models)
            rows.append(Row((dataset, loss, name), cells, (dataset, loss)))
    return Table(
        "checks",
        "Sanity checks of the attacks",
        "Each check is made on every attacked model; the count is of seeds. A number that a failed check taints "
        "carries † in every table, with the reason below it.",
        ("dataset", "loss", "check"),
        columns,
        tuple(rows),
    )


def _cell(model: Model, checks: Checks) -> Cell:
    if not checks:
        return Cell()
    counts = Counter(check["verdict"] for _, check in checks)
    text = ", ".join(f"{verdict} {counts[verdict]}/{len(checks)}" for verdict in VERDICTS if counts[verdict])
    failed = [(seed, check) for seed, check in checks if check["verdict"] == "fail"]
    reasons = "; ".join(dict.fromkeys(check["why"] for _, check in failed))
    flags = (f"{sentence(model, failed)}: {reasons}",) if failed else ()
    return Cell(text=text, seeds=len(checks), model=model, flags=flags)
