"""Says in one line why a claim has its verdict, in percent, in points, or as a multiple."""

from __future__ import annotations

from robust_dml.records import METRICS
from robust_dml.report.cells import RECALL
from robust_dml.report.claims.condition import Claim, Quantity, Selection
from robust_dml.report.claims.observed import Case
from robust_dml.report.table import Unit, rounded

UNITS: dict[Quantity, Unit] = {"value": "percent", "difference": "points", "ratio": "fold"}
WORDS: dict[Unit, str] = {"percent": " %", "points": " points", "fold": " times", "text": ""}
MOST = 10_000_000


def reason(claim: Claim, case: Case, count: int) -> str:
    """Return the observed value with its interval, what was asked, and what would resolve it; of `count` cases."""
    unit = UNITS[claim.quantity]
    parts = [f"{_observed(claim, case, unit)}{_where(claim, case, count)}"]
    parts.append(f"asked: {_asked(claim, unit)}")
    parts.append(f"met by {sum(map(claim.meets, case.seeds.values()))} of {len(case.seeds)} seeds alone")
    if case.outcome == "open":
        parts.append(_missing(claim, case))
    return "; ".join(parts)


def _observed(claim: Claim, case: Case, unit: Unit) -> str:
    value = _quantity(case.observed, unit, claim)
    means = "" if case.to is None else f"{_share(case.of, claim)} against {_share(case.to, claim)}: "
    if case.interval is None:
        return means + value
    low, high = (_number(end, unit, claim) for end in (case.interval.low, case.interval.high))
    return f"{means}{value} (95 % interval {low} to {high})"


def _where(claim: Claim, case: Case, count: int) -> str:
    given = case.selection.given()
    named = ", ".join(f"{name} {given[name]}" for name, values in claim.cases.items() if len(values) > 1)
    return (f" for {named}" if named else "") + (f" (decides among {count} cases)" if count > 1 else "")


def _asked(claim: Claim, unit: Unit) -> str:
    bound = claim.at_least if claim.at_least is not None else claim.at_most or 0.0
    words = "at least" if claim.at_least is not None else "at most"
    within = f" (tolerance {_number(claim.tolerance, _plain(unit), claim)})" if claim.tolerance else ""
    return f"{words} {_number(bound, _plain(unit), claim)}{_word(unit, claim)}{within}"


def _missing(claim: Claim, case: Case) -> str:
    """Return how many queries or seeds would resolve the claim, as far as the present ones tell."""
    from robust_dml.statistics import queries_to_clear, seeds_to_resolve

    wanted = []
    ends = (case.interval.low, case.interval.high) if case.interval else ()
    if case.interval and case.queries and any(claim.meets(end) != claim.meets(case.observed) for end in ends):
        wanted.append(_needed(queries_to_clear(case.interval, claim.limit, case.queries), "queries", case.queries))
    seeds = case.gains_over_seeds
    if seeds and seeds.contains(0.0):
        wanted.append(_needed(seeds_to_resolve(list(case.gains.values())), "seeds", len(case.gains)))
    return f"{' and '.join(wanted)} would resolve it"


def _needed(count: int | None, what: str, now: int) -> str:
    many = (
        f"no number of {what} that this sample can tell" if count is None or count > MOST else f"about {count:,} {what}"
    )
    return f"{many} ({now:,} now)"


def _share(value: float, claim: Claim) -> str:
    return _quantity(value, "percent", claim)


def _quantity(value: float, unit: Unit, claim: Claim) -> str:
    """Return a value with its unit; "unbounded" for an infinite ratio."""
    if value == float("inf"):
        return "unbounded"
    return _number(value, unit, claim) + _word(unit, claim)


def _word(unit: Unit, claim: Claim) -> str:
    return WORDS[unit] if unit == "fold" or _is_share(claim) else ""


def _number(value: float, unit: Unit, claim: Claim) -> str:
    """Return a number in its unit, or as it is where the metric is no share."""
    if unit == "fold":
        return rounded(value, unit)
    return rounded(100 * value, unit) if _is_share(claim) else f"{value:.3g}"


def _plain(unit: Unit) -> Unit:
    """Return the unit of a bound, which has no sign of its own."""
    return "percent" if unit == "points" else unit


def _is_share(claim: Claim) -> bool:
    """Return whether the metric of a claim is a share, and so printed in percent and points."""
    metric = Selection.over(claim.of, Selection()).metric or RECALL
    known = (METRICS.load(name) for name in METRICS.names)
    return next((record.bounds == (0.0, 1.0) for record in known if metric in record.labels), False)
