"""Twice the effort must lower the worst case of the standard by less than a point.

The effort is that of steps, restarts, targets and queries of Square, all doubled together.
"""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.evaluation.check_inputs import CheckInputs, Finding, Pair, compared, no_standard, standards
from robust_dml.records import Check

TWICE = 2


def _wants(study: Study, run: Run) -> list[AttackAt]:
    return [at.with_effort(study.evaluation.check_queries, TWICE) for at in standards(study)]


def _run(inputs: CheckInputs) -> Finding:
    wanted = _wants(inputs.study, inputs.run)
    if not wanted or not inputs.study.evaluation.check_queries:
        return no_standard(inputs)
    pairs = [
        Pair(label, inputs.result(at).sample, inputs.outcome_of(twice))
        for at, twice in zip(standards(inputs.study), wanted, strict=True)
        for label in inputs.labels(at.name)
    ]
    return compared(pairs, "twice the effort lowers recall@1 further under {}", "< 0.01")


ENTRY = Check(
    title="standard: converged",
    summary="twice the steps, restarts, targets and queries of Square lower the worst case by less than a point",
    order=120,
    run=_run,
    wants=_wants,
    gate=True,
)
