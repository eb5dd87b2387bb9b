"""Square, which uses no gradient, must be no stronger than gradients; otherwise the gradients mislead."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import CheckInputs, Finding, weaker_controls
from robust_dml.records import Check


def _run(inputs: CheckInputs) -> Finding:
    return weaker_controls(inputs, [result for result in inputs.results if result.at.attack.optimiser == "square"])


ENTRY = Check(
    title="gradient-free weaker than white-box",
    summary="Square, which uses no gradient, is no stronger than gradients",
    order=80,
    run=_run,
)
