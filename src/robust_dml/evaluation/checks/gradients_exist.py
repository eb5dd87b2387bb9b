"""At most one query in a hundred may lack a gradient where its attack begins."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import POINT, CheckInputs, Finding, share_at_most
from robust_dml.records import Check


def _run(inputs: CheckInputs) -> Finding:
    return share_at_most(inputs, "zero_gradient", POINT, "no gradient where the attack begins, under {}")


ENTRY = Check(
    title="queries without a gradient",
    summary="at most one query in a hundred lacks a gradient where its attack begins",
    order=90,
    run=_run,
    gate=True,
)
