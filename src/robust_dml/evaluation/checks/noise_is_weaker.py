"""Random noise in the same ball must be no stronger than gradients."""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.evaluation.check_inputs import (
    WEAKER,
    CheckedResult,
    CheckInputs,
    Finding,
    Pair,
    compared,
    not_run,
    references,
    weaker_controls,
)
from robust_dml.records import Check


def _has_noise(study: Study) -> bool:
    return any(config.optimiser == "noise" for config in study.attacks.values())


def _noise(study: Study, at: AttackAt) -> AttackAt:
    return at.changed(study.evaluation.check_queries, optimiser="noise", steps=1)


def _wants(study: Study, run: Run) -> list[AttackAt]:
    return [_noise(study, at) for at in references(study)]


def _run(inputs: CheckInputs) -> Finding:
    study = inputs.study
    if _has_noise(study) or not study.evaluation.check_queries:
        return weaker_controls(inputs, [result for result in inputs.results if _is_noise(result)])
    pairs = [Pair(at.label, inputs.result(at).sample, inputs.outcome_of(_noise(study, at))) for at in references(study)]
    return compared(pairs, WEAKER) if pairs else not_run("the study has no iterative attack")


def _is_noise(result: CheckedResult) -> bool:
    return result.at.attack.optimiser == "noise"


ENTRY = Check(
    title="noise weaker than white-box",
    summary="random noise is no stronger than gradients",
    order=60,
    run=_run,
    wants=_wants,
)
