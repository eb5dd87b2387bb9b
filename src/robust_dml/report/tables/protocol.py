"""The masked protocol beside the released one: what dropping the first neighbour does to the figure."""

from __future__ import annotations

from robust_dml.report.cells import Numbers
from robust_dml.report.selection import CLEAN, Result, headline, results_of, trainings_of
from robust_dml.report.table import Column, Table
from robust_dml.report.tables.comparison import Measure, compare, group_label


def build(numbers: Numbers) -> Table:
    """A row per model; three columns for clean and for each epsilon of the headline attack."""
    study = numbers.study
    shown = [result for result in results_of(study) if result.attack == headline(study).attack]
    return compare(
        numbers,
        "protocol",
        title="Masked against as-released protocol",
        caption=(
            "R@1 of the same models under both evaluations; the difference, in points, is what the released one adds. "
            "Two things add to it: an attack that is weaker for its aim, and, with the query's clean copy left in the "
            "gallery, a dropped first neighbour that lets that copy count as a hit."
        ),
        head="training",
        trainings=lambda dataset, loss: [(name, name) for name in trainings_of(study, dataset, loss)],
        measures=[measure for result in [CLEAN, *shown] for measure in _measures(numbers, result)],
    )


def _measures(numbers: Numbers, result: Result) -> list[Measure]:
    group = group_label(numbers, result)
    masked = Column(f"{result.name} masked", group, "masked", better="none")
    released = Column(f"{result.name} as-released", group, "as released", better="none")
    gap = Column(f"{result.name} difference", group, "difference", "points", "none")
    return [
        Measure(masked, lambda model: numbers.value(model, result)),
        Measure(released, lambda model: numbers.value(model, result, protocol="as-released")),
        Measure(gap, lambda model: numbers.protocol_gap(model, result)),
    ]
