"""How many of the tuples get an adversarial member."""

from __future__ import annotations

from robust_dml.report.cells import Numbers
from robust_dml.report.selection import natural, rate_series, trainings_of
from robust_dml.report.table import Table
from robust_dml.report.tables.comparison import attack_measures, clean_measures, compare


def build(numbers: Numbers) -> Table:
    """A row per attack rate, natural training (rate 0) first."""
    study = numbers.study

    def trainings(dataset: str, loss: str) -> list[tuple[str, str]]:
        here, base = trainings_of(study, dataset, loss), natural(study, dataset, loss)
        rates = [
            (f"{study.trainings[name].perturb}, {study.trainings[name].attack_rate:g}", name)
            for names in rate_series(study)
            for name in names
            if name in here
        ]
        return [("natural, 0", base), *rates] if base and len(rates) > 1 else []

    return compare(
        numbers,
        "rate",
        title="The attack rate",
        caption=(
            "Robust trainings that differ only in the share of tuples that get an adversarial member. "
            "Fold: R@1 as a multiple of natural training's under the same attack. Best of a dataset and loss in bold."
        ),
        head="perturbed, rate",
        trainings=trainings,
        measures=clean_measures(numbers) + attack_measures(numbers),
    )
