"""Natural against robust in a few numbers: a pair of rows per dataset and loss."""

from __future__ import annotations

from robust_dml.config import Study
from robust_dml.config.evaluation import CLEAN
from robust_dml.config.models import NO_LOSS
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.labels import result_label
from robust_dml.report.selection import Group, groups, has_pair, headline, natural, robust, worst_cases
from robust_dml.report.table import Table
from robust_dml.report.tables.comparison import Labelled, compare, every_training, fold_measures, metric_measure


def pair_rows(study: Study, group: Group) -> Labelled:
    """Return the natural and the robust training of a group, or the one that it has; every untrained model."""
    if group.loss == NO_LOSS:
        return every_training(study, group)
    names = dict.fromkeys((natural(study, group), robust(study, group)))
    return [(name, name) for name in names if name]


def build(numbers: Numbers) -> Table:
    """Return R@1 of the natural and of the robust model: unperturbed, under the headline attack, in the worst case."""
    study, main = numbers.study, headline(numbers.study)
    ensembles = {at.name: ", ".join(at.attack.members) for at in worst_cases(study)}
    members = [f"{name}: any of {attacks}" for name, attacks in ensembles.items()]
    return compare(
        numbers,
        caption=(
            f"R@1, and the fold increase over natural training. Attacks: {'; '.join([result_label(main), *members])}."
        ),
        head="training",
        rows=pair_rows,
        measures=[
            metric_measure(numbers, CLEAN),
            metric_measure(numbers, main),
            *fold_measures(numbers, main),
            *(metric_measure(numbers, at) for at in worst_cases(study) if at != main),
        ],
    )


ENTRY = TableRecord(
    title="Natural against robust",
    order=10,
    wanted=lambda study: any(has_pair(study, group) for group in groups(study)),
    build=build,
)
