"""Recall@1 must not rise with epsilon, from unperturbed queries on."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import POINT, WHITE_BOX, CheckInputs, Finding, verdict
from robust_dml.records import Check


def _run(inputs: CheckInputs) -> Finding:
    rises, tainted = [0.0], []
    for name in dict.fromkeys(result.at.name for result in inputs.of(*WHITE_BOX)):
        before = inputs.clean
        for result in sorted((r for r in inputs.results if r.at.name == name), key=lambda r: r.at.epsilon):
            rises.append(result.recall - before)
            if result.recall - before > POINT:
                tainted.append(result.label)
            before = min(before, result.recall)
    return verdict(max(rises), f"<= {POINT}", tainted, "recall@1 rises with epsilon under {}")


ENTRY = Check(title="R@1 falls with epsilon", summary="recall@1 does not rise with epsilon", order=10, run=_run)
