"""Which member of the triplet the training perturbs."""

from __future__ import annotations

from robust_dml.report.cells import Numbers
from robust_dml.report.selection import natural, slot_series, trainings_of
from robust_dml.report.table import Table
from robust_dml.report.tables.comparison import attack_measures, clean_measures, compare


def build(numbers: Numbers) -> Table:
    """A row per slot, natural training first."""
    study = numbers.study

    def trainings(dataset: str, loss: str) -> list[tuple[str, str]]:
        here, base = trainings_of(study, dataset, loss), natural(study, dataset, loss)
        slots = [
            (study.trainings[name].perturb, name) for names in slot_series(study) for name in names if name in here
        ]
        return [("none (natural)", base), *slots] if base and len(slots) > 1 else []

    return compare(
        numbers,
        "slot",
        title="The perturbed slot",
        caption=(
            "Robust trainings that differ only in the member of the triplet they perturb. "
            "Fold: R@1 as a multiple of natural training's under the same attack. Best of a dataset and loss in bold."
        ),
        head="perturbed",
        trainings=trainings,
        measures=clean_measures(numbers) + attack_measures(numbers),
    )
