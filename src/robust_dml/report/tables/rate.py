"""How many of the tuples get an adversarial member."""

from __future__ import annotations

from robust_dml.config import Study
from robust_dml.report.selection import Group, natural, option, rate_series, trainings_of
from robust_dml.report.tables.comparison import Labelled, training_table


def rate_rows(study: Study, group: Group) -> Labelled:
    """Return natural training (rate 0), then each rate, lowest first; empty with less than two rates."""
    here, base = trainings_of(study, group), natural(study, group)
    rates = [(_label(study, name), name) for names in rate_series(study) for name in names if name in here]
    first = [("natural, 0", base)] if base else []
    return [*first, *rates] if len(rates) > 1 else []


def _label(study: Study, training: str) -> str:
    config = study.trainings[training]
    return f"{option(config, 'perturb')}, {option(config, 'attack_rate'):g}"


ENTRY = training_table(
    title="The attack rate",
    order=40,
    caption="Robust trainings that differ only in the share of tuples that get an adversarial member.",
    head="perturbed, rate",
    rows=rate_rows,
)
