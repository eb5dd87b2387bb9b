"""Decide whether a claim holds in the metrics of a study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from robust_dml.config import ModelName
from robust_dml.report.cells import Numbers
from robust_dml.report.claims.condition import Claim, Selection
from robust_dml.report.metrics import MetricRow
from robust_dml.report.seeds import Seeds, mean, paired, ratio
from robust_dml.runtime.errors import UserError

Answer = Literal["supported", "not supported", "not tested"]


@dataclass(frozen=True)
class Selected:
    """The value of each seed of a selection, the models it is of, and the failed checks that taint it."""

    seeds: Seeds
    models: tuple[ModelName, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One combination of a claim's cases: the means of both selections, the observed value, and that of each seed."""

    selection: Selection
    of: float
    to: float | None
    observed: float
    seeds: Seeds
    models: tuple[ModelName, ...]
    flags: tuple[str, ...]


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


class NotMeasuredError(Exception):
    """The metrics lack a row that a claim needs; the message names it."""


def judge(claim: Claim, numbers: Numbers) -> Verdict:
    """Return whether a claim holds in the metrics of a study. Raises UserError if it selects several rows of a seed."""
    if claim.studies is not None and numbers.study.name not in claim.studies:
        return Verdict(claim, "not tested", f"a claim about the study {' and '.join(claim.studies)}")
    try:
        cases = tuple(_case(claim, selection, numbers) for selection in claim.each_case())
    except NotMeasuredError as error:
        return Verdict(claim, "not tested", str(error))
    deciding = _deciding(claim, cases)
    answer: Answer = "supported" if _meets(claim, deciding.observed) else "not supported"
    return Verdict(claim, answer, _reason(claim, deciding, len(cases)), deciding, cases)


def _case(claim: Claim, case: Selection, numbers: Numbers) -> Case:
    of = _select(claim.of.over(case), numbers)
    if claim.to is None:
        value = mean(of.seeds) or 0.0
        return Case(case, value, None, value, of.seeds, of.models, of.flags)
    to = _select(claim.to.over(case), numbers)
    above, below = paired(of.seeds, to.seeds)
    if not above:
        raise NotMeasuredError(f"no seed has both {claim.of.over(case)} and {claim.to.over(case)}")
    combine = ratio if claim.quantity == "ratio" else _difference
    top, bottom = mean(above) or 0.0, mean(below) or 0.0
    return Case(
        selection=case,
        of=top,
        to=bottom,
        observed=combine(top, bottom),
        seeds={seed: combine(above[seed], below[seed]) for seed in above},
        models=tuple(dict.fromkeys(of.models + to.models)),
        flags=tuple(dict.fromkeys(of.flags + to.flags)),
    )


def _difference(of: float, to: float) -> float:
    return of - to


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
    models = tuple(dict.fromkeys(row.model for row in rows))
    flags = [flag for model in models for row in rows for flag in numbers.flags(model, row.label)]
    return Selected(seeds, models, tuple(dict.fromkeys(flags)))


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


def _meets(claim: Claim, observed: float) -> bool:
    if claim.at_least is not None:
        return observed >= claim.at_least - claim.tolerance
    return observed <= (claim.at_most or 0.0) + claim.tolerance


def _deciding(claim: Claim, cases: tuple[Case, ...]) -> Case:
    """Return the worst case if the claim must hold in every case, the best if in some case."""
    wants_high = (claim.at_least is not None) == (claim.holds_in == "some case")
    return (max if wants_high else min)(cases, key=lambda case: case.observed)


def _reason(claim: Claim, case: Case, count: int) -> str:
    bound = f"at least {claim.at_least:g}" if claim.at_least is not None else f"at most {claim.at_most:g}"
    within = f" (tolerance {claim.tolerance:g})" if claim.tolerance else ""
    means = f"{case.of:.3f}" if case.to is None else f"{case.of:.3f} against {case.to:.3f}"
    value = "" if claim.quantity == "value" else f": {claim.quantity} {_printed(case.observed)}"
    agree = sum(_meets(claim, value) for value in case.seeds.values())
    given = case.selection.given()
    named = ", ".join(f"{name} {given[name]}" for name, values in claim.cases.items() if len(values) > 1)
    where = f" for {named}" if named else ""
    hardest = f" (decides among {count} cases)" if count > 1 else ""
    return f"{means}{value}{where}{hardest}; asked: {bound}{within}; met by {agree} of {len(case.seeds)} seeds alone"


def _printed(value: float) -> str:
    return "unbounded" if math.isinf(value) else f"{value:.2f}"
