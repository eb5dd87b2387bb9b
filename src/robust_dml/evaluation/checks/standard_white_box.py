"""Square and transferred images must break little that gradients of the model under attack do not break."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import POINT, CheckInputs, Finding, no_standard, surely_more, verdict
from robust_dml.records import Check

OTHERS = ("square", "transfer")


def _run(inputs: CheckInputs) -> Finding:
    shares, tainted = [], []
    for result in inputs.of("standard"):
        scored = result.counts.scored
        shares += [result.broken_by.get(member, 0) / scored for member in OTHERS]
        tainted += [result.label for share in shares[-len(OTHERS) :] if surely_more(share, scored, POINT)]
    if not shares:
        return no_standard(inputs)
    return verdict(max(shares), f"<= {POINT}", tainted, "attacks without the model's gradients are stronger under {}")


ENTRY = Check(
    title="standard: gradients lead",
    summary="Square and transferred images break at most one query in a hundred that gradients do not",
    order=130,
    run=_run,
    gate=True,
)
