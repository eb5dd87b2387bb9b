"""Recall@1 must not rise with epsilon, from unperturbed queries on."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import WHITE_BOX, CheckInputs, Finding, Pair, compared, not_run
from robust_dml.records import Check


def _run(inputs: CheckInputs) -> Finding:
    pairs = []
    for name in dict.fromkeys(result.at.name for result in inputs.of(*WHITE_BOX)):
        before = inputs.clean
        for result in sorted((r for r in inputs.results if r.at.name == name), key=lambda r: r.at.epsilon):
            pairs.append(Pair(result.label, result.everyone, before))
            before = min(before, result.everyone, key=lambda outcome: outcome.recall)
    if not pairs:
        return not_run("the study has no white-box attack")
    return compared(pairs, "recall@1 rises with epsilon under {}")


ENTRY = Check(title="R@1 falls with epsilon", summary="recall@1 does not rise with epsilon", order=10, run=_run)
