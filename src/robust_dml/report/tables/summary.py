"""Natural against robust in a few numbers: a pair of rows per dataset and loss."""

from __future__ import annotations

from robust_dml.report.cells import Numbers
from robust_dml.report.labels import result_label
from robust_dml.report.selection import CLEAN, headline, natural, robust, worst_cases
from robust_dml.report.table import Table
from robust_dml.report.tables.comparison import compare, fold_measure, metric_measure


def build(numbers: Numbers) -> Table:
    """R@1 of the natural and of the robust model: unperturbed, under the headline attack, in the worst case."""
    study, main = numbers.study, headline(numbers.study)

    def trainings(dataset: str, loss: str) -> list[tuple[str, str]]:
        names = natural(study, dataset, loss), robust(study, dataset, loss)
        return [(name, name) for name in names if name]

    members = {result.attack: ", ".join(study.attacks[result.attack].members) for result in worst_cases(study)}
    ensembles = [f"{name}: any of {attacks}" for name, attacks in members.items()]
    attacks = "; ".join([result_label(study, main), *ensembles])
    return compare(
        numbers,
        "summary",
        title="Natural against robust",
        caption=f"R@1, and the fold increase over natural training. Attacks: {attacks}.",
        head="training",
        trainings=trainings,
        measures=[
            metric_measure(numbers, CLEAN),
            metric_measure(numbers, main),
            fold_measure(numbers, main),
            *(metric_measure(numbers, result) for result in worst_cases(study)),
        ],
    )
