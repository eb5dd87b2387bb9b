"""At most one query in a hundred may have all its neighbours at one distance, where ties decide."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import POINT, CheckInputs, Finding, share_at_most
from robust_dml.records import Check


def _run(inputs: CheckInputs) -> Finding:
    return share_at_most(inputs, "collapsed", POINT, "neighbours at one and the same distance under {}")


ENTRY = Check(
    title="collapsed embeddings",
    summary="at most one query in a hundred has all its neighbours at one distance, where ties decide",
    order=110,
    run=_run,
    gate=True,
)
