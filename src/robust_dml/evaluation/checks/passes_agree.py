"""Two passes of a clean image must agree: otherwise the model is random, or an embedding depends on its batch.

Such a model needs an attack on the expectation over its passes, which the standard does not run.
"""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt, clean_again
from robust_dml.evaluation.check_inputs import CheckInputs, Finding, not_run, verdict
from robust_dml.records import Check

TOLERANCE = 1e-3  # of the spread of the embeddings; rounding in other batches moves them by about 1e-6


def _wants(study: Study, run: Run) -> list[AttackAt]:
    return [clean_again(study.evaluation.check_queries)]


def _run(inputs: CheckInputs) -> Finding:
    if not len(inputs.deviation):
        return not_run("evaluation.check_queries is 0")
    largest = float(inputs.deviation.max())
    tainted = ["clean", *(result.label for result in inputs.results)] if not largest <= TOLERANCE else []
    return verdict(min(largest, 1.0), f"<= {TOLERANCE:g}", tainted, "two passes of an image differ")


ENTRY = Check(
    title="two passes agree",
    summary="the embedding of an image depends neither on chance nor on the rest of its batch",
    order=150,
    run=_run,
    wants=_wants,
    gate=True,
)
