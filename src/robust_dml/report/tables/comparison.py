"""What tables share that compare trainings: rows of trainings, columns of attacks, and the words of the caption."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from robust_dml.config import ModelName, Study
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.config.resolve import runs
from robust_dml.records import TableRecord
from robust_dml.report.best import mark_best
from robust_dml.report.cells import RECALL, Numbers
from robust_dml.report.labels import NORMS, attack_label, metric_label, radius, threat_label
from robust_dml.report.selection import Group, groups, headline, is_standard, main_results, natural, trainings_of
from robust_dml.report.table import Better, Cell, Column, Flag, Row, Table, number

if TYPE_CHECKING:
    from robust_dml.report.contrast import Contrast

Labelled = list[tuple[str, str]]
"""The rows of a group: the words in front, and the training."""


@dataclass(frozen=True)
class Measure:
    """A column, and the cell that it holds for a model."""

    column: Column
    cell: Callable[[ModelName], Cell]
    at: AttackAt | None = None
    """The attack whose R@1 it holds, masked protocol; rows are compared on that, and on nothing else."""


def metric_measure(numbers: Numbers, at: AttackAt, metric: str = "recall@1") -> Measure:
    """Return the column of a metric under one attack, masked protocol."""
    judged = metric == RECALL
    better: Better = "higher" if judged else "none"
    column = Column(f"{at.label} {metric}", column_group(at), metric_label(metric), better=better)
    return Measure(column, lambda model: numbers.value(model, at, metric), at if judged else None)


def released_measure(numbers: Numbers, at: AttackAt) -> Measure:
    """Return the column of R@1 under one attack as the released evaluation scores it."""
    column = Column(f"{at.label} recall@1 as-released", column_group(at), "R@1 as released", better="none")
    return Measure(column, lambda model: numbers.value(model, at, protocol="as-released"))


def fold_measures(numbers: Numbers, at: AttackAt) -> list[Measure]:
    """Return the column of R@1 as a multiple of natural training's; none if no training has one to compare with."""
    if not any(_has_folds(numbers.study, group) for group in groups(numbers.study)):
        return []
    column = Column(f"{at.label} fold", column_group(at), "fold", "fold", "none")
    return [Measure(column, lambda model: numbers.fold(model, at))]


def _has_folds(study: Study, group: Group) -> bool:
    return natural(study, group) is not None and len(trainings_of(study, group)) > 1


def clean_measures(numbers: Numbers) -> list[Measure]:
    """Return the columns of R@1 and mAP@R without an attack."""
    return [metric_measure(numbers, CLEAN, metric) for metric in ("recall@1", *_precision(numbers))]


def attack_measures(numbers: Numbers, *, precision: bool = False) -> list[Measure]:
    """Return the columns of R@1 and fold under each main attack, for the headline also R@1 as released.

    `precision` adds mAP@R.
    """
    measures = []
    for at in main_results(numbers.study):
        standard = is_standard(at)  # its results are R@1 by our protocol alone
        released = [released_measure(numbers, at)] if at == headline(numbers.study) and not standard else []
        extra = [metric_measure(numbers, at, metric) for metric in _precision(numbers) if precision and not standard]
        measures += [metric_measure(numbers, at), *released, *extra, *fold_measures(numbers, at)]
    return measures


def _precision(numbers: Numbers) -> list[str]:
    return ["map@r"] if "map-at-r" in numbers.study.evaluation.metrics else []


def column_group(at: AttackAt) -> str:
    """Return the upper line of a column's head."""
    return "clean" if at == CLEAN else f"{attack_label(at)}, {threat_label(at)}"


def curve_column(at: AttackAt) -> Column:
    """Return the column of R@1 at one radius of the curve of the worst case."""
    group = f"{attack_label(at)}, {NORMS[at.attack.norm]}, R@1 at ε"
    return Column(f"{at.label} recall@1", group, radius(at.epsilon))


def curve_measure(numbers: Numbers, at: AttackAt) -> Measure:
    """Return the column of R@1 at one radius of the curve of the worst case."""
    return Measure(curve_column(at), lambda model: numbers.value(model, at), at)


def contrast_cell(found: Contrast, other: ModelName, flags: list[Flag]) -> Cell:
    """Return R@1 minus that of another model, in points, bold if it is resolved over queries and over seeds."""
    cell = number(found.seeds, "points", interval=found.interval, model=other, flags=flags)
    return replace(cell, standing="best" if found.resolved else "")


def training_table(
    *,
    title: str,
    order: int,
    caption: str,
    head: str,
    rows: Callable[[Study, Group], Labelled],
    precision: bool = False,
) -> TableRecord:
    """Return the record of a table of trainings: clean, and under every main attack; wanted if any group has rows."""

    def build(numbers: Numbers) -> Table:
        measures = clean_measures(numbers) + attack_measures(numbers, precision=precision)
        folds = [FOLD] if any(measure.column.unit == "fold" for measure in measures) else []
        return compare(numbers, caption=" ".join([caption, *folds, BEST]), head=head, rows=rows, measures=measures)

    return TableRecord(title=title, order=order, wanted=lambda study: has_rows(study, rows), build=build)


def has_rows(study: Study, rows: Callable[[Study, Group], Labelled]) -> bool:
    """Return whether any group of the study has a row."""
    return any(rows(study, group) for group in groups(study))


def compare(
    numbers: Numbers,
    *,
    caption: str,
    head: str,
    rows: Callable[[Study, Group], Labelled],
    measures: list[Measure],
) -> Table:
    """Return a table with a row per training that `rows` names, and with the standing of every R@1."""
    lines, models = [], {}
    for group in groups(numbers.study):
        for label, training in rows(numbers.study, group):
            model = group.model(training)
            lines.append(Row((*group, label), tuple(measure.cell(model) for measure in measures), group))
            models[lines[-1].key] = model
    columns = tuple(measure.column for measure in measures)
    attacks = {measure.column.key: measure.at for measure in measures}

    def resolved(first: Row, second: Row, column: Column) -> bool:
        at = attacks[column.key]
        found = numbers.contrast(models[first.key], models[second.key], at) if at else None
        return found is not None and found.resolved

    caption = f"{caption} {footing(numbers, columns, lines)}"
    return mark_best(Table(caption, ("dataset", "loss", head), columns, tuple(lines)), resolved)


def every_training(study: Study, group: Group) -> Labelled:
    """Return a row for each training of a group."""
    return [(name, name) for name in trainings_of(study, group)]


FOLD = "Fold: R@1 as a multiple of natural training's under the same attack."
BEST = (
    "Bold (* in a terminal): higher than every other R@1 of the dataset and loss, resolved on the same queries over "
    "queries and over seeds at 95 %. =: not told apart from the best."
)
MASKED = "Values in percent; a query never retrieves itself (protocol “masked”)."
RELEASED = (
    "“As released” is the released code's evaluation: its attack aims at the query's own embedding and spares queries "
    "that are wrong unperturbed, and the first neighbour is dropped, whatever it is, instead of the query itself."
)


def footing(numbers: Numbers, columns: Iterable[Column], rows: Iterable[Row]) -> str:
    """Return what every number of a table depends on: unit, protocol, seeds, queries."""
    released = [RELEASED] if any(column.key.endswith("as-released") for column in columns) else []
    return " ".join([MASKED, *released, seeds_sentence(numbers), queries_sentence(numbers, rows)]).rstrip()


def seeds_sentence(numbers: Numbers) -> str:
    """Return what the intervals and the spread are over."""
    count = len(numbers.study.seeds)
    trained = list(runs(numbers.study))
    up_to = "up to " if len(trained) < count * len({run.model for run in trained}) else ""
    over = f"mean ± sample standard deviation over {up_to}{count} seeds of the training"
    spread = over if count > 1 else "one seed"
    return f"{spread[0].upper()}{spread[1:]}; below it, the 95 % interval over queries, clustered by class."


def queries_sentence(numbers: Numbers, rows: Iterable[Row]) -> str:
    """Return how many queries enter a number; `rows` begin with their dataset."""
    counts = {dataset: numbers.results.queries(dataset) for dataset in dict.fromkeys(row.labels[0] for row in rows)}
    texts = [f"{count:,} on {dataset}" for dataset, count in counts.items() if count]
    return f"Queries per model: {', '.join(texts)}." if texts else ""
