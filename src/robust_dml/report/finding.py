"""The finding of a study in two sentences: what the curve of the worst case says of robust training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robust_dml.config import ModelName, Study
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.report.cells import Numbers
from robust_dml.report.gains import Gain, Place, gains, others, subject
from robust_dml.report.labels import NORMS, attack_label, radius
from robust_dml.report.seeds import mean
from robust_dml.report.selection import curve, is_standard, measured_groups
from robust_dml.report.table import rounded

NOTHING = "Nothing has been measured yet."


@dataclass(frozen=True)
class Finding:
    """Two sentences, and the comparisons that they are made of."""

    first: str
    second: str
    gains: tuple[Gain, ...]

    def __str__(self) -> str:
        return f"{self.first} {self.second}".strip()


def finding(numbers: Numbers) -> Finding:
    """Return where robust training beats the other rows in the worst case, by how much, and where it does not."""
    model = subject(numbers.study)
    if model is None or not any(numbers.seeds(model, at) for at in curve(numbers.study)):
        return Finding(NOTHING, "", ())
    found = gains(numbers, model)
    lead = f"{_under(numbers.study)}, {_title(numbers.study, model)}"
    if not found:
        return Finding(f"{lead} {_kept(numbers, model)}.", "The study has no other row to compare it with.", ())
    return Finding(f"{lead} {_ahead(numbers.study, found)}.", _rest(numbers, model, found), tuple(found))


def _under(study: Study) -> str:
    at = curve(study)[0]
    places = len(measured_groups(study)) > 1 and subject(study)
    where = f"On {places.dataset} with {places.loss} loss, " if places else ""
    if is_standard(at):
        words = f"in the worst case of {at.name} ({NORMS[at.attack.norm]})"
    elif at.is_ensemble:
        words = f"in the worst case over {_listed(at.attack.members)}"
    else:
        words = f"under {attack_label(at)} ({NORMS[at.attack.norm]})"
    return where + (words if where else words[0].upper() + words[1:])


def _title(study: Study, model: ModelName) -> str:
    family = study.trainings[model.training].record.family
    return f"robust training ({model.training})" if family == "robust" else model.training


def _kept(numbers: Numbers, model: ModelName) -> str:
    """Return the recall of a model without any to compare it with."""
    recalls = [(at, mean(numbers.seeds(model, at))) for at in curve(numbers.study)]
    parts = [f"{_percent(recall)} {_at([at], numbers.study)}" for at, recall in recalls if recall is not None]
    return f"has a recall@1 of {_listed(parts)}"


def _ahead(study: Study, found: Sequence[Gain]) -> str:
    """Return the clauses on what the subject beats."""
    clauses = _clauses(study, found, "ahead")
    if clauses:
        return f"beats {_listed(clauses)}"
    names = list(dict.fromkeys(gain.other.training for gain in found))
    radii = _at(curve(study), study) if len(curve(study)) == 1 else "at any radius"
    return f"{'beats none of' if len(names) > 1 else 'does not beat'} {_listed(names)} {radii}"


def _rest(numbers: Numbers, model: ModelName, found: Sequence[Gain]) -> str:
    """Return where the subject is behind or not told apart; where it is always ahead, the recalls without an attack."""
    study = numbers.study
    places: tuple[tuple[Place, str], ...] = (("behind", "is behind"), ("open", "is not told apart from"))
    parts = [f"{words} {_listed(clauses)}" for place, words in places if (clauses := _clauses(study, found, place))]
    if parts:
        return f"It {' and '.join(parts)}."
    recalls = [(each.training, mean(numbers.seeds(each, CLEAN))) for each in [model, *others(study, model)]]
    clean = [f"{name} {_percent(recall)}" for name, recall in recalls if recall is not None]
    return f"Without an attack the recall@1 is: {_listed(clean)}." if clean else ""


def _clauses(study: Study, found: Sequence[Gain], place: Place) -> list[str]:
    """Return `natural and pixels at 2/255 and 4/255 (by 18.2 to 37.0 and 5.1 to 9.0 points)` for the rows there.

    Rows that are there at the same radii share a clause.
    """
    rows: dict[tuple[str, ...], list[list[Gain]]] = {}
    for other in dict.fromkeys(gain.other for gain in found):
        here = [gain for gain in found if gain.other == other and gain.place == place]
        if here:
            rows.setdefault(tuple(gain.at.label for gain in here), []).append(here)
    return [_clause(study, alike) for alike in rows.values()]


def _clause(study: Study, alike: Sequence[Sequence[Gain]]) -> str:
    """Return the clause on rows that are at one place at the same radii: an amount for each row, in their order."""
    amounts = [_amount(here) for here in alike]
    joined = "; ".join(amounts) if any(", " in amount for amount in amounts) else _listed(amounts)
    return f"{_listed([here[0].other.training for here in alike])} {_at([g.at for g in alike[0]], study)} ({joined})"


def _amount(found: Sequence[Gain]) -> str:
    """Return by how much: with its interval for one radius, else from the least to the most."""
    differences = [gain.contrast.queries for gain in found]
    signed = found[0].place == "open"
    values = sorted(each.difference if signed else abs(each.difference) for each in differences)
    if len(differences) > 1:
        return f"{'' if signed else 'by '}{_points(values[0], signed)} to {_points(values[-1], signed)} points"
    sign = 1 if signed or differences[0].difference > 0 else -1
    low, high = (_points(sign * end, signed) for end in (differences[0].low, differences[0].high)[::sign])
    return f"{'' if signed else 'by '}{_points(values[0], signed)} points, 95 % interval {low} to {high}"


def _at(found: Sequence[AttackAt], study: Study) -> str:
    """Return the radii in words, shorter where they are all of the curve."""
    radii = [radius(at.epsilon) for at in found]
    if len(radii) > 1 and len(radii) == len(curve(study)):
        return f"at every radius from {radii[0]} to {radii[-1]}"
    return f"at {'ε = ' if len(curve(study)) == 1 else ''}{_listed(radii)}"


def _points(value: float, signed: bool) -> str:
    return rounded(100 * value, "points" if signed else "percent")


def _percent(share: float) -> str:
    return f"{rounded(100 * share, 'percent')} %"


def _listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
