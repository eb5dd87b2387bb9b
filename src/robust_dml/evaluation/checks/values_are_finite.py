"""No attacked query may have an embedding that is not finite; such a query counts as broken."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import CheckInputs, Finding, share_at_most
from robust_dml.records import Check


def _run(inputs: CheckInputs) -> Finding:
    return share_at_most(inputs, "nan", 0.0, "embeddings that are not finite under {}")


ENTRY = Check(
    title="values that are not finite",
    summary="no attacked query has an embedding that is not finite; such a query counts as broken",
    order=100,
    run=_run,
    gate=True,
)
