"""What a study shows of one case of a claim: the values, their intervals, and whether the bound is met."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from robust_dml.config import ModelName
from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of
from robust_dml.report.cells import RECALL, Numbers
from robust_dml.report.claims.condition import Claim, Selection
from robust_dml.report.metrics import MetricRow
from robust_dml.report.seeds import Seeds, mean, paired, ratio
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from robust_dml.report.samples import Sample
    from robust_dml.statistics import Interval

Outcome = Literal["meets", "misses", "open"]


@dataclass(frozen=True)
class Selected:
    """The value of each seed of a selection, the rows it is of, and the failed checks that taint it."""

    seeds: Seeds
    rows: tuple[MetricRow, ...]
    flags: tuple[str, ...]

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models of the rows."""
        return tuple(dict.fromkeys(row.model for row in self.rows))

    @property
    def result(self) -> bool:
        """Whether its rows are the seeds of one result."""
        return len({(row.model, row.label, row.metric, row.protocol) for row in self.rows}) == 1


@dataclass(frozen=True)
class Case:
    """One combination of a claim's cases: the means of both selections, the observed value, and its uncertainty."""

    selection: Selection
    of: float
    to: float | None
    observed: float
    interval: Interval | None
    """The observed value with its 95 % interval over queries; None for a metric that is no mean over queries."""
    queries: int | None
    seeds: Seeds
    """The observed value of each seed."""
    gains: Seeds
    """By how much each seed exceeds the limit, as a share; a ratio does so where `of` - limit x `to` is above 0."""
    outcome: Outcome
    models: tuple[ModelName, ...]
    flags: tuple[str, ...]

    @property
    def gains_over_seeds(self) -> Interval | None:
        """The mean gain with its interval over seeds; None for one seed, whose variance is unknown."""
        from robust_dml.statistics import seed_interval

        return seed_interval(list(self.gains.values()))


class NotMeasuredError(Exception):
    """The metrics lack a row that a claim needs; the message names it."""


def observe(claim: Claim, selection: Selection, numbers: Numbers) -> Case:
    """Return one case of a claim.

    Raises NotMeasuredError without its rows, and UserError if several rows of a seed match.
    """
    of = _select(claim.of.over(selection), numbers)
    to = _select(claim.to.over(selection), numbers) if claim.to else None
    above, below = paired(of.seeds, to.seeds) if to else (of.seeds, {})
    if not above:
        both = " and ".join(str(part.over(selection)) for part in (claim.of, claim.to) if part)
        raise NotMeasuredError(f"no seed has both {both}")
    top, bottom = mean(above) or 0.0, mean(below)
    interval = _interval(claim, of, to, numbers)
    gains = {seed: above[seed] - _limit_of(claim, below.get(seed)) for seed in above}
    case = Case(
        selection=selection,
        of=top,
        to=bottom,
        observed=_combined(claim, top, bottom),
        interval=interval,
        queries=numbers.results.queries(of.rows[0].dataset),
        seeds={seed: _combined(claim, above[seed], below.get(seed)) for seed in above},
        gains=gains,
        outcome="open",
        models=tuple(dict.fromkeys([*of.models, *(to.models if to else ())])),
        flags=tuple(dict.fromkeys([*of.flags, *(to.flags if to else ())])),
    )
    return replace(case, outcome=_outcome(claim, case))


def _combined(claim: Claim, of: float, to: float | None) -> float:
    if to is None:
        return of
    return ratio(of, to) if claim.quantity == "ratio" else of - to


def _limit_of(claim: Claim, to: float | None) -> float:
    """Return the value of `of` at which the bound is just met."""
    if to is None:
        return claim.limit
    return claim.limit * to if claim.quantity == "ratio" else claim.limit + to


def _outcome(claim: Claim, case: Case) -> Outcome:
    """Return whether the bound is met or missed beyond chance, over queries and over seeds."""
    meets = claim.meets(case.observed)
    ends = (case.interval.low, case.interval.high) if case.interval else ()
    if any(claim.meets(end) != meets for end in ends):
        return "open"
    seeds = case.gains_over_seeds
    if seeds and seeds.low < seeds.high and seeds.contains(0.0):
        return "open"
    return "meets" if meets else "misses"


def _interval(claim: Claim, of: Selected, to: Selected | None, numbers: Numbers) -> Interval | None:
    from robust_dml.report.contrast import contrast
    from robust_dml.statistics import difference_interval, ratio_interval

    if to is None:
        return _own_interval(of, numbers)
    if claim.quantity == "difference" and (found := contrast(_sample(of, numbers), _sample(to, numbers))):
        return found.interval
    above, below = _own_interval(of, numbers), _own_interval(to, numbers)
    if above is None or below is None:
        return None
    return (ratio_interval if claim.quantity == "ratio" else difference_interval)(above, below)


def _own_interval(selected: Selected, numbers: Numbers) -> Interval | None:
    if not selected.result:
        return None
    row = selected.rows[0]
    return numbers.interval(row.model, _attack(row, numbers), row.metric, row.protocol)


def _sample(selected: Selected, numbers: Numbers) -> Sample | None:
    """Return what each query did, if the selection is the R@1 of one attack on one model."""
    row = selected.rows[0]
    if not selected.result or row.metric != RECALL:
        return None
    return numbers.results.sample(row.model, _attack(row, numbers), row.protocol)


def _attack(row: MetricRow, numbers: Numbers) -> AttackAt:
    return next(at for at in (CLEAN, *attacks_of(numbers.study)) if at.label == row.label)


def _select(wanted: Selection, numbers: Numbers) -> Selected:
    rows = [
        row for model in _models(wanted, numbers) for row in numbers.results.rows_of[model] if _matches(row, wanted)
    ]
    if not rows:
        raise NotMeasuredError(f"the study {numbers.study.name} has no result of {_missing(wanted, numbers)}")
    seeds: dict[int, float] = {}
    for row in rows:
        if row.seed in seeds:
            raise UserError(f"config/claims.yaml: several rows of metrics.csv match {wanted}; name more columns")
        seeds[row.seed] = row.value
    flags = [flag.text for row in rows for flag in numbers.flags(row.model, row.label)]
    return Selected(seeds, tuple(rows), tuple(dict.fromkeys(flags)))


def _models(wanted: Selection, numbers: Numbers) -> list[ModelName]:
    """Return the models that a selection may be of: a look at every row would take a second per claim."""
    chosen = (wanted.dataset, wanted.loss, wanted.training)
    return [
        model
        for model in numbers.results.rows_of
        if all(name in (None, own) for name, own in zip(chosen, model, strict=True))
    ]


def _matches(row: MetricRow, wanted: Selection) -> bool:
    return all(_equal(getattr(row, name), value) for name, value in wanted.given().items())


def _equal(found: str | float, wanted: str | float) -> bool:
    if isinstance(found, str) or isinstance(wanted, str):
        return found == wanted
    return math.isclose(found, wanted, rel_tol=1e-9)


def _missing(wanted: Selection, numbers: Numbers) -> str:
    """Return the first column of the selection that no row has, else the whole of it."""
    for name, value in wanted.given().items():
        if not any(_equal(getattr(row, name), value) for row in numbers.results.rows):
            return f"{name} {value}"
    return str(wanted)
