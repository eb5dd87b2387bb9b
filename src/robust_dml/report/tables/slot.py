"""Which member of the triplet the training perturbs."""

from __future__ import annotations

from robust_dml.report.slots import slot_rows
from robust_dml.report.tables.comparison import training_table

ENTRY = training_table(
    title="The perturbed slot",
    order=30,
    caption="Robust trainings that differ only in the member of the triplet they perturb.",
    head="perturbed",
    rows=slot_rows,
)
