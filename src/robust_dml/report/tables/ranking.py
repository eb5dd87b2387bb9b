"""Attacks on rankings: each has a number of its own, beside clean R@1; ERS is their published summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from robust_dml.attacks.ranking.ers import RankingScores, RobustnessScore
from robust_dml.config import ModelName, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.threats import threats_of
from robust_dml.records import THREATS, TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.labels import strength_label
from robust_dml.report.result_files import ThreatsFile
from robust_dml.report.seeds import Seeds
from robust_dml.report.selection import models_of
from robust_dml.report.table import Cell, Column, Row, Table, Unit, number

CAPTION = (
    "Attacks on rankings, never mixed with the R@1 of other tables: each number is the mean over queries after its"
    " attack. Ranks are shares of the gallery: for CA+ and QA+ a higher one is more robust, for CA-, QA-, TMA and the"
    " shift of ES a lower one. ERS is the mean of ten of these numbers (CVPR 2022); it rewards collapse, so it stands"
    " beside clean R@1, and a model whose embeddings are nearly one point, or whose R@1 is near chance, is marked."
)
ERS_NUMBERS = (
    *(("ca-plus", "rank"), ("ca-minus", "rank"), ("qa-plus", "rank"), ("qa-minus", "rank"), ("tma", "cosine")),
    *(("es", "shift"), ("es", "recall@1"), ("ltm", "recall@1"), ("gtm", "recall@1"), ("gtt", "retain@4")),
)
"""Threat and number, in the order of the fields of RankingScores."""
PLAIN = ("cosine", "shift")  # numbers that are no shares


def build(numbers: Numbers) -> Table:
    """Return a row per model; a column per number of each threat, and per ball an ERS with a mark for collapse."""
    study = numbers.study
    measures: list[tuple[Column, Callable[[ThreatsFile], float | None]]] = [
        (Column("clean recall@1", "clean", "R@1", better="none"), lambda file: file.clean["recall@1"]),
        (Column("clean cosine", "clean", "mean cosine", "fold", "none"), lambda file: file.clean["cosine"]),
    ]
    for at in threats_of(study):
        measures += [(_column(at, name), _reader(at.label, name)) for name in _numbers_of(at)]
    for ball, members in _balls(study).items():
        measures.append((Column(f"ers {ball}", ball, "ERS", better="none"), _ers_reader(members)))
    columns = (*(column for column, _ in measures), Column("collapsed", "clean", "collapsed", "text", "none"))
    rows = tuple(_row(numbers, model, measures) for model in models_of(study))
    return Table(CAPTION, ("dataset", "loss", "training"), columns, rows)


def _row(
    numbers: Numbers, model: ModelName, measures: list[tuple[Column, Callable[[ThreatsFile], float | None]]]
) -> Row:
    files = {run.seed: numbers.results.threats(run) for run in numbers.results.runs(model)}
    found = {seed: file for seed, file in files.items() if file is not None}
    cells = [_cell(found, read, column.unit, model) for column, read in measures]
    marked = [seed for seed, file in found.items() if _score(file, 0.0).collapsed]
    mark = Cell(text=f"seeds {', '.join(map(str, marked))}" if marked else ("no" if found else ""), model=model)
    return Row(tuple(model), (*cells, mark))


def _cell(
    files: Mapping[int, ThreatsFile], read: Callable[[ThreatsFile], float | None], unit: Unit, model: ModelName
) -> Cell:
    values: Seeds = {seed: value for seed, file in files.items() if (value := read(file)) is not None}
    return number(values, unit, model=model)


def _numbers_of(at: AttackAt) -> list[str]:
    return list(THREATS.load(at.attack.threat).numbers)


def _column(at: AttackAt, name: str) -> Column:
    threat = THREATS.load(at.attack.threat)
    unit: Unit = "fold" if name in PLAIN else "percent"
    return Column(f"{at.label} {name}", f"{threat.label}, {_ball(at)}", threat.numbers[name], unit, "none")


def _reader(label: str, name: str) -> Callable[[ThreatsFile], float | None]:
    return lambda file: file.threats[label].values[name] if label in file.threats else None


def _ball(at: AttackAt) -> str:
    released = ", as released" if at.variant == "released" else ""
    return f"{strength_label(at.attack, at.epsilon)}{released}"


def _balls(study: Study) -> dict[str, dict[str, str]]:
    """Return, by ball, the label of each threat; only balls that have all that an ERS needs."""
    found: dict[str, dict[str, str]] = {}
    for at in threats_of(study):
        found.setdefault(_ball(at), {})[at.attack.threat] = at.label
    return {ball: labels for ball, labels in found.items() if {threat for threat, _ in ERS_NUMBERS} <= set(labels)}


def _ers_reader(labels: Mapping[str, str]) -> Callable[[ThreatsFile], float | None]:
    def read(file: ThreatsFile) -> float | None:
        values = [_reader(labels[threat], name)(file) for threat, name in ERS_NUMBERS]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return None
        scales = [1 if name in PLAIN else 100 for _, name in ERS_NUMBERS]
        scores = RankingScores(*(value * scale for value, scale in zip(known, scales, strict=True)))
        return _score(file, scores.ers()).ers / 100

    return read


def _score(file: ThreatsFile, ers: float) -> RobustnessScore:
    clean = file.clean
    return RobustnessScore(ers, clean["recall@1"], clean["chance"], clean["cosine"])


ENTRY = TableRecord(title="Attacks on rankings", order=75, wanted=lambda study: bool(study.threats), build=build)
