"""Every training, without attack and under every attack of the main comparison."""

from __future__ import annotations

from robust_dml.report.tables.comparison import every_training, training_table

ENTRY = training_table(
    title="Every training under every main attack",
    order=20,
    caption="Retrieval without perturbation and with each query perturbed; the gallery is clean.",
    head="training",
    rows=every_training,
    precision=True,
)
