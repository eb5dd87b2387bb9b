"""The strongest iterative attack, allowed to change every pixel, must leave no more than chance."""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.evaluation.check_inputs import CheckInputs, Finding, no_reference, not_run, references, verdict
from robust_dml.records import OBJECTIVES, Check

NEAR_ZERO = 0.05
LARGE = 0.5  # where every pixel may move this far, any image can become the same grey


def strongest(study: Study) -> AttackAt | None:
    """Return the reference that aims at the decision itself and takes the most passes; None if there is none."""

    def strength(at: AttackAt) -> tuple[bool, float]:
        optimiser = at.attack.find(at.attack.optimiser)
        return OBJECTIVES.load(at.attack.objective).decides, optimiser.passes(at.attack.options)

    return max(references(study), key=strength, default=None)


def _wants(study: Study, run: Run) -> list[AttackAt]:
    at = strongest(study)
    if at is None:
        return []
    pixels = 3 * study.datasets[run.dataset].transform.size ** 2
    epsilon = LARGE if at.attack.norm == "linf" else LARGE * pixels**0.5
    return [at.enlarged(study.evaluation.check_queries, epsilon)]


def _run(inputs: CheckInputs) -> Finding:
    at = strongest(inputs.study)
    if at is None or not inputs.study.evaluation.check_queries:
        return not_run(no_reference(inputs))
    (large,) = _wants(inputs.study, inputs.run)
    outcome, bound = inputs.outcome_of(large), max(NEAR_ZERO, inputs.chance)
    recall = outcome.recall
    tainted = inputs.labels(at.name) if outcome.surely_more_than(bound) else []
    return verdict(
        recall, f"<= {bound:.3g}", tainted, f"recall@1 is {recall:.3f} at epsilon {large.epsilon:g} under {{}}"
    )


ENTRY = Check(
    title="R@1 near zero at large epsilon",
    summary="the strongest iterative attack leaves no more than chance at a very large epsilon",
    order=20,
    run=_run,
    wants=_wants,
)
