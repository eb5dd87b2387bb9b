"""Other ways to train against attacks, beside the paper's."""

from __future__ import annotations

from robust_dml.config import Study
from robust_dml.report.selection import Group, natural, of_family, trainings_of
from robust_dml.report.tables.comparison import Labelled, training_table


def rival_rows(study: Study, group: Group) -> Labelled:
    """Return natural training, the rivals, then the robust trainings; empty without a rival and another training."""
    here, base = trainings_of(study, group), natural(study, group)
    rivals = [name for name in of_family(study, "rival") if name in here and name != base]
    robust = [name for name in of_family(study, "robust") if name in here and name != base]
    names = [*([base] if base else []), *rivals, *robust]
    return [(name, name) for name in names] if rivals and len(names) > 1 else []


ENTRY = training_table(
    title="Rival trainings",
    order=50,
    caption=(
        "Trainings that perturb without regard to which samples of the batch depend on which, "
        "or as VisualPhishNet does, beside the robust ones."
    ),
    head="training",
    rows=rival_rows,
)
