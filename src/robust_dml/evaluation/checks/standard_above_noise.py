"""The standard must be at least as strong as random noise of the same size, the noise floor."""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.evaluation.check_inputs import WEAKER, CheckInputs, Finding, Pair, compared, no_standard, standards
from robust_dml.records import Check

DRAWS = 10


def _noise(study: Study, at: AttackAt) -> AttackAt:
    return at.changed(study.evaluation.check_queries, optimiser="noise", steps=DRAWS)


def _wants(study: Study, run: Run) -> list[AttackAt]:
    return [_noise(study, at) for at in standards(study)]


def _run(inputs: CheckInputs) -> Finding:
    study = inputs.study
    if not standards(study) or not study.evaluation.check_queries:
        return no_standard(inputs)
    pairs = [
        Pair(label, inputs.result(at).sample, inputs.outcome_of(_noise(study, at)))
        for at in standards(study)
        for label in inputs.labels(at.name)
    ]
    return compared(pairs, WEAKER)


ENTRY = Check(
    title="standard: above the noise floor",
    summary="the worst case is no higher than recall@1 under the best of ten random perturbations",
    order=140,
    run=_run,
    wants=_wants,
    gate=True,
)
