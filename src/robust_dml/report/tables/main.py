"""Natural against robust: clean, and under every attack of the main comparison."""

from __future__ import annotations

from robust_dml.report.cells import Numbers
from robust_dml.report.selection import trainings_of
from robust_dml.report.table import Table
from robust_dml.report.tables.comparison import attack_measures, clean_measures, compare


def build(numbers: Numbers) -> Table:
    """A row per dataset, loss and training."""
    study = numbers.study
    return compare(
        numbers,
        "main",
        title="Every training under every main attack",
        caption=(
            "Retrieval without perturbation and with each query perturbed; the gallery is clean. "
            "Fold: R@1 as a multiple of natural training's under the same attack. Best of a dataset and loss in bold."
        ),
        head="training",
        trainings=lambda dataset, loss: [(name, name) for name in trainings_of(study, dataset, loss)],
        measures=clean_measures(numbers) + attack_measures(numbers, precision=True),
    )
