"""Natural against robust in a few numbers: a pair of rows per dataset and loss."""

from __future__ import annotations

from robust_dml.config import ModelName, Study
from robust_dml.config.evaluation import CLEAN
from robust_dml.config.models import NO_LOSS
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.labels import result_label
from robust_dml.report.selection import (
    Group,
    beside,
    curve,
    groups,
    has_pair,
    headline,
    natural,
    robust,
    worst_cases,
)
from robust_dml.report.table import Cell, Column, Table
from robust_dml.report.tables.comparison import (
    BEST,
    FOLD,
    Labelled,
    Measure,
    compare,
    curve_measure,
    every_training,
    fold_measures,
    metric_measure,
)
from robust_dml.report.verification import has_standard, verification


def pair_rows(study: Study, group: Group) -> Labelled:
    """Return the natural and the robust training of a group, or the one that it has; every untrained model."""
    if group.loss == NO_LOSS:
        return every_training(study, group)
    names = dict.fromkeys((natural(study, group), robust(study, group)))
    return [(name, name) for name in names if name]


def build(numbers: Numbers) -> Table:
    """Return R@1 of the natural and the robust model, and of untrained ones: unperturbed and in the worst case."""
    study = numbers.study
    return compare(
        numbers,
        caption=f"{_attacks(study)} {BEST}",
        head="training",
        rows=pair_rows,
        measures=_of_standard(numbers) if has_standard(study) else _of_headline(numbers),
    )


def _of_standard(numbers: Numbers) -> list[Measure]:
    """Return the columns of a study with the standard: clean, each of its radii, the study's own attack, the gates."""
    own = beside(numbers.study)
    verdict = Column("standard", "gates", "all passed?", "text", "none")
    return [
        metric_measure(numbers, CLEAN),
        *(curve_measure(numbers, at) for at in curve(numbers.study)),
        *([metric_measure(numbers, own)] if own else []),
        Measure(verdict, lambda model: _verified(numbers, model)),
    ]


def _verified(numbers: Numbers, model: ModelName) -> Cell:
    found = verification(numbers, model)
    return Cell(text=found.verdict, model=model) if found else Cell()


def _of_headline(numbers: Numbers) -> list[Measure]:
    """Return the columns of a study without the standard: clean, the headline with its fold, the worst cases."""
    study, main = numbers.study, headline(numbers.study)
    return [
        metric_measure(numbers, CLEAN),
        metric_measure(numbers, main),
        *fold_measures(numbers, main),
        *(metric_measure(numbers, at) for at in worst_cases(study) if at != main),
    ]


def _attacks(study: Study) -> str:
    """Return what the columns are: the settings of the attack, the members of the ensembles."""
    if has_standard(study):
        own = beside(study)
        name = curve(study)[0].name
        other = f" Beside it: {result_label(own)}." if own else ""
        return f"Worst case of the protocol {name}; verified: every gate of the protocol was passed.{other}"
    ensembles = {at.name: ", ".join(at.attack.members) for at in worst_cases(study)}
    members = [f"{name}: any of {attacks}" for name, attacks in ensembles.items()]
    return f"Attacks: {'; '.join([result_label(headline(study)), *members])}. {FOLD}"


ENTRY = TableRecord(
    title="Natural against robust",
    order=10,
    wanted=lambda study: any(has_pair(study, group) for group in groups(study)),
    build=build,
)
