"""Images made for another model must be no stronger than those made for this one."""

from __future__ import annotations

from robust_dml.evaluation.check_inputs import CheckInputs, Finding, not_run, weaker_controls
from robust_dml.records import Check


def _run(inputs: CheckInputs) -> Finding:
    transfers = [result for result in inputs.results if result.at.attack.source]
    others = [result for result in transfers if result.at.attack.source != inputs.run.training]
    if transfers and not others:
        return not_run("the source of the transfer is this very training")
    return weaker_controls(inputs, others)


ENTRY = Check(
    title="transfer weaker than white-box",
    summary="images made for another model are no stronger than those made for this one",
    order=70,
    run=_run,
)
