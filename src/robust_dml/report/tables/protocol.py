"""The masked protocol beside the released one: how much dropping the first neighbour changes R@1."""

from __future__ import annotations

from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.selection import headline, is_standard
from robust_dml.report.table import Column, Table
from robust_dml.report.tables.comparison import Measure, column_group, compare, every_training


def build(numbers: Numbers) -> Table:
    """Return a row per model; three columns for clean and for each epsilon of the headline attack."""
    name = headline(numbers.study).name
    shown = [CLEAN, *(at for at in attacks_of(numbers.study) if at.name == name)]
    return compare(
        numbers,
        caption=(
            "R@1 of the same models under both evaluations; the difference, in points, is what the released one adds. "
            "Two things add to it: an attack that is weaker for its aim, and, with the query's clean copy left in the "
            "gallery, a dropped first neighbour that lets that copy count as a hit."
        ),
        head="training",
        rows=every_training,
        measures=[measure for at in shown for measure in _measures(numbers, at)],
    )


def _measures(numbers: Numbers, at: AttackAt) -> list[Measure]:
    group = column_group(at)
    masked = Column(f"{at.label} masked", group, "masked", better="none")
    released = Column(f"{at.label} as-released", group, "as released", better="none")
    gap = Column(f"{at.label} difference", group, "difference", "points", "none")
    return [
        Measure(masked, lambda model: numbers.value(model, at)),
        Measure(released, lambda model: numbers.value(model, at, protocol="as-released")),
        Measure(gap, lambda model: numbers.protocol_gap(model, at)),
    ]


ENTRY = TableRecord(
    title="Masked against as-released protocol",
    order=60,
    wanted=lambda study: not is_standard(headline(study)),
    build=build,
)
