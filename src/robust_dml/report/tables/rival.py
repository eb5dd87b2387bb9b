"""Other ways to train against attacks, beside ours."""

from __future__ import annotations

from robust_dml.report.cells import Numbers
from robust_dml.report.selection import natural, rivals, robust_trainings, trainings_of
from robust_dml.report.table import Table
from robust_dml.report.tables.comparison import attack_measures, clean_measures, compare


def build(numbers: Numbers) -> Table:
    """A row per training: natural, the rivals, then the robust ones."""
    study = numbers.study

    def trainings(dataset: str, loss: str) -> list[tuple[str, str]]:
        here, base = trainings_of(study, dataset, loss), natural(study, dataset, loss)
        against = [name for name in rivals(study) if name in here]
        ours = [name for name in robust_trainings(study) if name in here]
        names = [base, *against, *ours] if base and against else []
        return [(name, name) for name in names]

    return compare(
        numbers,
        "rival",
        title="Rival trainings",
        caption=(
            "Trainings that perturb without regard to which samples of the batch depend on which, "
            "or as VisualPhishNet does, beside the robust ones. "
            "Fold: R@1 as a multiple of natural training's under the same attack. Best of a dataset and loss in bold."
        ),
        head="training",
        trainings=trainings,
        measures=clean_measures(numbers) + attack_measures(numbers),
    )
