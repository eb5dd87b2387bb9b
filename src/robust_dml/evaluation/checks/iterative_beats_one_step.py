"""An iterative attack with the same objective must be at least as strong as a single step, in each ball."""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.evaluation.check_inputs import (
    CheckedResult,
    CheckInputs,
    Finding,
    Pair,
    compared,
    no_reference,
    not_run,
    references,
)
from robust_dml.records import Check


def _wants(study: Study, run: Run) -> list[AttackAt]:
    """Return one random-start step for each reference."""
    return [_once(study, at) for at in references(study)]


def _once(study: Study, at: AttackAt) -> AttackAt:
    return at.changed(study.evaluation.check_queries, optimiser="r-fgsm", step_size=None)


def _run(inputs: CheckInputs) -> Finding:
    pairs = []
    for single in inputs.of("one-step"):
        same = [many for many in inputs.of("iterative") if _comparable(single, many)]
        best = min(same, key=lambda result: result.recall, default=None)
        pairs += [Pair(many.label, best.everyone, single.everyone) for many in same if best is not None]
    if not pairs and inputs.study.evaluation.check_queries:
        for at in references(inputs.study):
            pairs.append(Pair(at.label, inputs.result(at).sample, inputs.outcome_of(_once(inputs.study, at))))
    return compared(pairs, "a single step is stronger than {}") if pairs else not_run(no_reference(inputs))


def _comparable(single: CheckedResult, many: CheckedResult) -> bool:
    return single.at.rivals(many.at) and single.at.attack.objective == many.at.attack.objective


ENTRY = Check(
    title="iterative at least as strong as one step",
    summary="an iterative attack is at least as strong as a single step",
    order=30,
    run=_run,
    wants=_wants,
)
