"""What tables share that set trainings beside one another: columns per attack, and the words of the caption."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from robust_dml.report.cells import Numbers
from robust_dml.report.flags import Model
from robust_dml.report.labels import attack_label, metric_label, threat_label
from robust_dml.report.selection import CLEAN, Result, groups, headline, main_results
from robust_dml.report.table import Cell, Column, Row, Table, mark_best


@dataclass(frozen=True)
class Measure:
    """A column, and the cell that it holds for a model."""

    column: Column
    cell: Callable[[Model], Cell]


def metric_measure(numbers: Numbers, result: Result, metric: str = "recall@1") -> Measure:
    """A metric under one attack, masked protocol."""
    column = Column(f"{result.name} {metric}", group_label(numbers, result), metric_label(metric))
    return Measure(column, lambda model: numbers.value(model, result, metric))


def released_measure(numbers: Numbers, result: Result) -> Measure:
    """R@1 under one attack as the released evaluation scores it."""
    column = Column(
        f"{result.name} recall@1 as-released", group_label(numbers, result), "R@1 as released", better="none"
    )
    return Measure(column, lambda model: numbers.value(model, result, protocol="as-released"))


def fold_measure(numbers: Numbers, result: Result) -> Measure:
    """R@1 under one attack as a multiple of natural training's."""
    column = Column(f"{result.name} fold", group_label(numbers, result), "fold", "fold", "none")
    return Measure(column, lambda model: numbers.fold(model, result))


def clean_measures(numbers: Numbers) -> list[Measure]:
    """R@1 and mAP@R without an attack."""
    return [metric_measure(numbers, CLEAN, "recall@1"), metric_measure(numbers, CLEAN, "map@r")]


def attack_measures(numbers: Numbers, *, precision: bool = False) -> list[Measure]:
    """R@1 and the fold increase under each main attack; for the headline, which is first, also R@1 as released.

    `precision` adds mAP@R.
    """
    measures = []
    for result in main_results(numbers.study):
        released = [released_measure(numbers, result)] if result == headline(numbers.study) else []
        extra = [metric_measure(numbers, result, "map@r")] if precision else []
        measures += [metric_measure(numbers, result), *released, *extra, fold_measure(numbers, result)]
    return measures


def group_label(numbers: Numbers, result: Result) -> str:
    """The upper line of a column's head."""
    if result == CLEAN:
        return "clean"
    return f"{attack_label(result.attack)}, {threat_label(numbers.study, result)}"


def compare(
    numbers: Numbers,
    name: str,
    *,
    title: str,
    caption: str,
    head: str,
    trainings: Callable[[str, str], Iterable[tuple[str, str]]],
    measures: list[Measure],
) -> Table:
    """A row per training that `trainings(dataset, loss)` names as (label, training); the best of a group is marked."""
    rows = [
        Row((dataset, loss, label), tuple(m.cell((dataset, loss, training)) for m in measures), (dataset, loss))
        for dataset, loss in groups(numbers.study)
        for label, training in trainings(dataset, loss)
    ]
    heads, columns = ("dataset", "loss", head), tuple(measure.column for measure in measures)
    return mark_best(Table(name, title, f"{caption} {footing(numbers, columns, rows)}", heads, columns, tuple(rows)))


MASKED = "Values in percent; a query never retrieves itself (protocol “masked”)."
RELEASED = (
    "“As released” is the released code's evaluation: its attack aims at the query's own embedding and spares queries "
    "that are wrong unperturbed, and the first neighbour is dropped, whatever it is, instead of the query itself."
)


def footing(numbers: Numbers, columns: Iterable[Column], rows: Iterable[Row]) -> str:
    """What every number of a table rests on: unit, protocol, seeds, queries."""
    released = [RELEASED] if any(column.key.endswith("as-released") for column in columns) else []
    return " ".join([MASKED, *released, seeds_sentence(numbers), queries_sentence(numbers, rows)])


def seeds_sentence(numbers: Numbers) -> str:
    """How many seeds the mean and the spread are over."""
    count = len(numbers.study.seeds)
    if count == 1:
        return "One seed, so no spread is known."
    return f"Mean ± sample standard deviation over {count} seeds of the training."


def queries_sentence(numbers: Numbers, rows: Iterable[Row]) -> str:
    """How many queries were made, and the sampling error that comes of it; `rows` begin with their dataset."""
    counts = {dataset: numbers.results.queries(dataset) for dataset in dict.fromkeys(row.labels[0] for row in rows)}
    known = [(dataset, count) for dataset, count in counts.items() if count]
    if not known:
        return ""
    texts = [
        f"{count:,} on {dataset} (standard error of an R@1 near 50: {50 / count**0.5:.1f})" for dataset, count in known
    ]
    return f"Queries per model: {', '.join(texts)}."
