"""Decide whether a claim holds in the metrics of a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from robust_dml.report.cells import Numbers
from robust_dml.report.claims.condition import Claim
from robust_dml.report.claims.observed import Case, NotMeasuredError, Outcome, observe
from robust_dml.report.claims.words import reason

Answer = Literal["supported", "not supported", "not resolved", "not tested"]
ANSWERS: dict[Outcome, Answer] = {"meets": "supported", "misses": "not supported", "open": "not resolved"}


@dataclass(frozen=True)
class Verdict:
    """The answer to a claim and its cases; `deciding` is the case that the answer depends on."""

    claim: Claim
    answer: Answer
    reason: str
    deciding: Case | None = None
    cases: tuple[Case, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """The failed sanity checks that taint a number of the claim."""
        return tuple(dict.fromkeys(flag for case in self.cases for flag in case.flags))

    def named(self, case: Case) -> dict[str, str | float]:
        """Return the columns, with their values, that differ between the cases of the claim."""
        return {name: value for name, value in case.selection.given().items() if name in self.claim.cases}

    def about(self, study: str) -> bool:
        """Return whether the claim is about a study: the study is named by it, or has the runs to decide it."""
        return self.answer != "not tested" or study in (self.claim.studies or ())


def judge(claim: Claim, numbers: Numbers) -> Verdict:
    """Return whether a claim holds in the metrics of a study. Raises UserError if it selects several rows of a seed."""
    if claim.studies is not None and numbers.study.name not in claim.studies:
        return Verdict(claim, "not tested", f"a claim about the study {' and '.join(claim.studies)}")
    try:
        cases = tuple(observe(claim, selection, numbers) for selection in claim.each_case())
    except NotMeasuredError as error:
        return Verdict(claim, "not tested", str(error))
    outcome = _outcome(claim, cases)
    deciding = _deciding(claim, [case for case in cases if case.outcome == outcome])
    return Verdict(claim, ANSWERS[outcome], reason(claim, deciding, len(cases)), deciding, cases)


def _outcome(claim: Claim, cases: tuple[Case, ...]) -> Outcome:
    """Return the outcome of all cases: one miss decides if every case must hold, one success if some case must."""
    found = {case.outcome for case in cases}
    if claim.holds_in == "every case":
        return "misses" if "misses" in found else "open" if "open" in found else "meets"
    return "meets" if "meets" in found else "open" if "open" in found else "misses"


def _deciding(claim: Claim, cases: list[Case]) -> Case:
    """Return the worst case if the claim must hold in every case, the best if in some case."""
    wants_high = (claim.at_least is not None) == (claim.holds_in == "some case")
    return (max if wants_high else min)(cases, key=lambda case: case.observed)
