"""Twice the restarts must lower recall@1 by less than a point."""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.evaluation.check_inputs import CheckInputs, Finding, doubled, doubling_changes_little
from robust_dml.records import Check


def _wants(study: Study, run: Run) -> list[AttackAt]:
    return [twice for _, twice in doubled(study, "restarts")]


def _run(inputs: CheckInputs) -> Finding:
    return doubling_changes_little(inputs, "restarts")


ENTRY = Check(
    title="doubling the restarts",
    summary="twice the restarts lower recall@1 by less than a point",
    order=50,
    run=_run,
    wants=_wants,
)
