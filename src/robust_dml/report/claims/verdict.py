"""Whether a claim holds in the metrics of a study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from robust_dml.report.cells import Numbers
from robust_dml.report.claims.condition import Claim, Selection
from robust_dml.report.metrics import Row, Seeds, mean, paired, ratio, spread
from robust_dml.runtime.errors import UserError

Answer = Literal["supported", "not supported", "not tested"]


@dataclass(frozen=True)
class Case:
    """One combination of a claim's cases: the two means, what comes of them, and of each seed alone."""

    selection: Selection
    of: float
    to: float | None
    observed: float
    seeds: Seeds
    models: tuple[tuple[str, str, str], ...]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The answer to a claim, and what it rests on; `deciding` is the case that the answer hangs on."""

    claim: Claim
    answer: Answer
    reason: str
    deciding: Case | None = None
    cases: tuple[Case, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """The failed sanity checks that taint a number it rests on."""
        return tuple(dict.fromkeys(flag for case in self.cases for flag in case.flags))

    def record(self) -> dict[str, Any]:
        """What claims.json says of it."""
        claim, case = self.claim, self.deciding
        bound = {name: getattr(claim, name) for name in ("at_least", "at_most") if getattr(claim, name) is not None}
        return {
            "id": claim.id,
            "statement": claim.statement,
            "source": claim.source,
            "verdict": self.answer,
            "reason": self.reason,
            "quantity": claim.quantity,
            "bound": {**bound, "tolerance": claim.tolerance, "holds_in": claim.holds_in},
            "observed": _finite(case.observed) if case else None,
            "spread": spread(case.seeds) if case else None,
            "failed_checks": list(self.flags),
            "cases": [_case_record(claim, each) for each in self.cases],
        }


def _case_record(claim: Claim, case: Case) -> dict[str, Any]:
    return {
        "case": _named(claim, case),
        "of": case.of,
        "to": case.to,
        "observed": _finite(case.observed),
        "spread": spread(case.seeds),
        "seeds": {str(seed): _finite(value) for seed, value in case.seeds.items()},
    }


def _named(claim: Claim, case: Case) -> dict[str, str | float]:
    """The columns that tell a case from the others of its claim."""
    return {name: value for name, value in case.selection.given().items() if name in claim.cases}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


class NotMeasuredError(Exception):
    """The metrics lack what a claim is about; the message says what."""


def judge(claim: Claim, numbers: Numbers) -> Verdict:
    """Evaluate a claim on the metrics of a study."""
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
    of, models, flags = _seeds(claim.of.over(case), numbers)
    if claim.to is None:
        return Case(case, mean(of) or 0.0, None, mean(of) or 0.0, of, models, flags)
    to, to_models, to_flags = _seeds(claim.to.over(case), numbers)
    of, to = paired(of, to)
    if not of:
        raise NotMeasuredError(f"no seed has both {claim.of.over(case)} and {claim.to.over(case)}")
    combine = ratio if claim.quantity == "ratio" else _difference
    top, bottom = mean(of) or 0.0, mean(to) or 0.0
    seeds = {seed: combine(of[seed], to[seed]) for seed in of}
    both = tuple(dict.fromkeys(models + to_models))
    return Case(case, top, bottom, combine(top, bottom), seeds, both, tuple(dict.fromkeys(flags + to_flags)))


def _difference(of: float, to: float) -> float:
    return of - to


def _seeds(wanted: Selection, numbers: Numbers) -> tuple[Seeds, tuple[tuple[str, str, str], ...], tuple[str, ...]]:
    """The value of each seed of a selection, the model it is of, and the checks that taint it."""
    rows = [
        row
        for (dataset, loss, training), members in numbers.results.metrics.models.items()
        if wanted.dataset in (None, dataset) and wanted.loss in (None, loss) and wanted.training in (None, training)
        for row in members
        if _matches(row, wanted)
    ]
    if not rows:
        raise NotMeasuredError(f"the study {numbers.study.name} has no result of {_missing(wanted, numbers)}")
    seeds: dict[int, float] = {}
    for row in rows:
        if row.seed in seeds:
            raise UserError(f"config/claims.yaml: several rows of metrics.csv match {wanted}; name more columns")
        seeds[row.seed] = row.value
    models = tuple(dict.fromkeys((row.dataset, row.loss, row.training) for row in rows))
    flags = [flag for model in models for row in rows for flag in numbers.sanity.flags(model, row.result)]
    return seeds, models, tuple(dict.fromkeys(flags))


def _matches(row: Row, wanted: Selection) -> bool:
    return all(_equal(getattr(row, name), value) for name, value in wanted.given().items())


def _equal(found: str | float, wanted: str | float) -> bool:
    if isinstance(found, str) or isinstance(wanted, str):
        return found == wanted
    return math.isclose(found, wanted, rel_tol=1e-9)


def _missing(wanted: Selection, numbers: Numbers) -> str:
    """The first column of the selection that no row has, else the whole of it."""
    for name, value in wanted.given().items():
        if not any(_equal(getattr(row, name), value) for row in numbers.results.metrics.rows):
            return f"{name} {value}"
    return str(wanted)


def _meets(claim: Claim, observed: float) -> bool:
    if claim.at_least is not None:
        return observed >= claim.at_least - claim.tolerance
    return observed <= (claim.at_most or 0.0) + claim.tolerance


def _deciding(claim: Claim, cases: tuple[Case, ...]) -> Case:
    """The worst case if the claim must hold in every one, the best if in some."""
    wants_high = (claim.at_least is not None) == (claim.holds_in == "some case")
    return (max if wants_high else min)(cases, key=lambda case: case.observed)


def _reason(claim: Claim, case: Case, count: int) -> str:
    bound = f"at least {claim.at_least:g}" if claim.at_least is not None else f"at most {claim.at_most:g}"
    within = f" (tolerance {claim.tolerance:g})" if claim.tolerance else ""
    means = f"{case.of:.3f}" if case.to is None else f"{case.of:.3f} against {case.to:.3f}"
    value = "" if claim.quantity == "value" else f": {claim.quantity} {_printed(case.observed)}"
    agree = sum(_meets(claim, value) for value in case.seeds.values())
    named = ", ".join(f"{name} {value}" for name, value in _named(claim, case).items() if len(claim.cases[name]) > 1)
    where = f" for {named}" if named else ""
    hardest = f" (decides among {count} cases)" if count > 1 else ""
    return f"{means}{value}{where}{hardest}; asked: {bound}{within}; met by {agree} of {len(case.seeds)} seeds alone"


def _printed(value: float) -> str:
    return "unbounded" if math.isinf(value) else f"{value:.2f}"
