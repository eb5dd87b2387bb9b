"""The trainings that the table and the figure of the perturbed slot compare."""

from __future__ import annotations

from robust_dml.config import Study
from robust_dml.report.selection import Group, natural, option, slot_series, trainings_of


def slot_rows(study: Study, group: Group) -> list[tuple[str, str]]:
    """Return natural training, then each robust one, with the slot that it perturbs; empty with less than two slots."""
    here, base = trainings_of(study, group), natural(study, group)
    slots = [
        (str(option(study.trainings[name], "perturb")), name)
        for names in slot_series(study)
        for name in names
        if name in here
    ]
    first = [("none (natural)", base)] if base else []
    return [*first, *slots] if len(slots) > 1 else []
