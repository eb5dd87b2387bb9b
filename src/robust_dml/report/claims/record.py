"""The entry of one claim in claims.json."""

from __future__ import annotations

import math
from dataclasses import dataclass

from robust_dml.report.claims.condition import Quantity
from robust_dml.report.claims.observed import Case, Outcome
from robust_dml.report.claims.verdict import Answer, Verdict
from robust_dml.report.seeds import spread


@dataclass(frozen=True)
class CaseRecord:
    """One combination of a claim's cases; `observed` is None if it is unbounded, `low` and `high` if unknown."""

    case: dict[str, str | float]
    of: float
    to: float | None
    observed: float | None
    low: float | None
    high: float | None
    outcome: Outcome
    spread: float | None
    seeds: dict[str, float | None]


@dataclass(frozen=True)
class VerdictRecord:
    """The answer to a claim; `observed`, its interval and `spread` are those of the deciding case."""

    id: str
    statement: str
    source: str
    verdict: Answer
    reason: str
    quantity: Quantity
    bound: dict[str, str | float]
    observed: float | None
    low: float | None
    high: float | None
    spread: float | None
    failed_checks: list[str]
    cases: list[CaseRecord]


def record_of(verdict: Verdict) -> VerdictRecord:
    """Return a verdict as claims.json holds it; numbers that are not finite are None."""
    claim, case = verdict.claim, verdict.deciding
    bounds = {"at_least": claim.at_least, "at_most": claim.at_most}
    given = {name: value for name, value in bounds.items() if value is not None}
    return VerdictRecord(
        id=claim.id,
        statement=claim.statement,
        source=claim.source,
        verdict=verdict.answer,
        reason=verdict.reason,
        quantity=claim.quantity,
        bound={**given, "tolerance": claim.tolerance, "holds_in": claim.holds_in},
        observed=_finite(case.observed) if case else None,
        low=_finite(case.interval.low) if case and case.interval else None,
        high=_finite(case.interval.high) if case and case.interval else None,
        spread=spread(case.seeds) if case else None,
        failed_checks=list(verdict.flags),
        cases=[_case(verdict, each) for each in verdict.cases],
    )


def _case(verdict: Verdict, case: Case) -> CaseRecord:
    return CaseRecord(
        case=verdict.named(case),
        of=case.of,
        to=case.to,
        observed=_finite(case.observed),
        low=_finite(case.interval.low) if case.interval else None,
        high=_finite(case.interval.high) if case.interval else None,
        outcome=case.outcome,
        spread=spread(case.seeds),
        seeds={str(seed): _finite(value) for seed, value in case.seeds.items()},
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
