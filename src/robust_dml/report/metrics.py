"""metrics.csv, read strictly: a damaged or outdated file is refused with the line of the mistake."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

from robust_dml.config import ModelName, Run, Study
from robust_dml.config.evaluation import CLEAN, STANDARD_METRIC, AttackAt, attacks_of, result_labels
from robust_dml.config.resolve import backbone_of, runs
from robust_dml.records import METRICS, Metric
from robust_dml.runtime.errors import UserError

AGAIN = "run snakemake, or `robust-dml collect`, again"
PROTOCOLS = ("masked", "as-released")


@dataclass(frozen=True)
class MetricRow:
    """One line of metrics.csv: one metric of one attack on one model; `attack` is "none" for unperturbed queries."""

    dataset: str
    backbone: str
    loss: str
    training: str
    seed: int
    attack: str
    norm: str
    epsilon: float
    steps: int
    objective: str
    protocol: str
    metric: str
    value: float
    low: float | None = None
    """The 95 % interval over queries; None for a metric that is no mean over queries."""
    high: float | None = None

    @property
    def run(self) -> Run:
        """The model with its seed."""
        return Run(self.dataset, self.loss, self.training, self.seed)

    @property
    def model(self) -> ModelName:
        """The model, whatever its seed."""
        return self.run.model

    @property
    def label(self) -> str:
        """The label of the attack result, such as "clean" or "pgd-0.1"."""
        return CLEAN.label if self.attack == CLEAN.name else f"{self.attack}-{self.epsilon:g}"


def read_metrics(path: Path, study: Study) -> list[MetricRow]:
    """Return the rows of metrics.csv.

    Raises UserError if the file is absent, lacks a column, or has a line that is damaged, a duplicate, or no result
    of the study as its YAML is now.
    """
    if not path.exists():
        raise UserError(f"{path}: no results yet; run snakemake on this study first")
    return list(_checked(path, _lines(path), _Expected(study)))


def read_rows(path: Path) -> list[MetricRow]:
    """Return the rows of metrics.csv, of whatever study. Raises UserError if it is absent or damaged."""
    if not path.exists():
        raise UserError(f"{path}: no such file")
    return [_row(line, f"{path}, line {number}") for number, line in _lines(path)]


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    names = [field.name for field in fields(MetricRow)]
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = set(names) - set(reader.fieldnames or ())
            if missing:
                raise UserError(f"{path}: lacks the column {', '.join(sorted(missing))}; {AGAIN}")
            for line in reader:
                yield reader.line_num, line
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a CSV file ({error}); {AGAIN}") from error


def _checked(path: Path, lines: Iterable[tuple[int, dict[str, str]]], expected: _Expected) -> Iterator[MetricRow]:
    seen: dict[tuple[Run, str, str, str], int] = {}
    for number, line in lines:
        row = _row(line, f"{path}, line {number}")
        mistake = expected.mistake(row)
        key = (row.run, row.label, row.protocol, row.metric)
        if key in seen:
            mistake = f"the same model, attack, protocol and metric as in line {seen[key]}"
        if mistake:
            raise UserError(f"{path}, line {number}: {mistake}; {AGAIN}")
        seen[key] = number
        yield row


def _row(line: dict[str, str], place: str) -> MetricRow:
    if None in line or None in line.values():
        raise UserError(f"{place}: expected a value for each column and no more; {AGAIN}")
    return MetricRow(
        dataset=line["dataset"],
        backbone=line["backbone"],
        loss=line["loss"],
        training=line["training"],
        seed=_whole(line["seed"], "seed", place),
        attack=line["attack"],
        norm=line["norm"],
        epsilon=_number(line["epsilon"], "epsilon", place),
        steps=_whole(line["steps"], "steps", place),
        objective=line["objective"],
        protocol=line["protocol"],
        metric=line["metric"],
        value=_number(line["value"], "value", place),
        low=_number(line["low"], "low", place) if line["low"] else None,
        high=_number(line["high"], "high", place) if line["high"] else None,
    )


def _whole(text: str, name: str, place: str) -> int:
    number = _number(text, name, place)
    if number != int(number):
        raise UserError(f"{place}: {name}: expected a whole number, found {text!r}; {AGAIN}")
    return int(number)


def _number(text: str, name: str, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{place}: {name}: expected a finite number, found {text!r}; {AGAIN}")
    return value


class _Expected:
    """What the lines of a study may say."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.runs = set(runs(study))
        self.attacks = {at.label: at for at in (CLEAN, *attacks_of(study))}

    def mistake(self, row: MetricRow) -> str:
        """Return what is wrong with a row; empty if nothing is."""
        if row.run not in self.runs:
            return f"the study has no model {row.run.path}"
        if row.label not in self.attacks:
            return f"the study has no attack {row.label}; it has {', '.join(self.attacks)}"
        if row.protocol not in PROTOCOLS:
            return f"protocol: expected {' or '.join(PROTOCOLS)}, found {row.protocol!r}"
        low, high = self.bounds.get(row.metric, (-math.inf, math.inf))
        if not low <= row.value <= high:
            return f"{row.metric}: expected a value from {low:g} to {high:g}, found {row.value:g}"
        return self._other_settings(row, self.attacks[row.label])

    def _other_settings(self, row: MetricRow, at: AttackAt) -> str:
        """Return in which column a row was measured with other settings than those of the study."""
        expected: dict[str, str | int] = {"backbone": backbone_of(self.study, row.run)[0]}
        if at.config is not None and not at.is_ensemble:
            expected |= {"norm": at.config.norm, "steps": at.config.steps, "objective": at.config.objective}
        for name, value in expected.items():
            found = getattr(row, name)
            if found != value:
                return f"{name}: the study has {value}, the file has {found or 'nothing'}"
        return ""

    @cached_property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The range of each metric that the package or the study knows."""
        return {name: record.bounds for record in metric_records(self.study) for name in record.labels}


def metric_records(study: Study) -> list[Metric]:
    """Return the records of the package's own metrics and of those that the study names."""
    return [METRICS.load(name) for name in dict.fromkeys([*METRICS.names, *study.evaluation.metrics])]


def missing_results(rows: Iterable[MetricRow], study: Study) -> list[str]:
    """Return what metrics.csv lacks: results, such as `digits/triplet/natural, seed 0, pgd-0.1`, or metrics of one.

    A result should have every metric of the study, but that of the standard recall@1 alone, and every metric that the
    same attack has on another model.
    """
    found: dict[tuple[Run, str], set[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault((row.run, row.label), set()).add((row.protocol, row.metric))
    missing = []
    standard = {at.label for at in attacks_of(study) if at.config is not None and at.config.is_standard}
    for label in result_labels(study):
        own = {("masked", STANDARD_METRIC)} if label in standard else _ranking_metrics(study)
        wanted = own.union(*(found.get((run, label), ()) for run in runs(study)))
        for run in runs(study):
            place, here = f"{run.model}, seed {run.seed}, {label}", found.get((run, label))
            lacking = [f"{place}, {metric} ({protocol})" for protocol, metric in sorted(wanted - (here or set()))]
            missing += lacking if here else [place]
    return missing


def _ranking_metrics(study: Study) -> set[tuple[str, str]]:
    """Return protocol and metric of what every result of the study should have."""
    records = [METRICS.load(name) for name in study.evaluation.metrics]
    return {("masked", name) for record in records if record.of_ranking for name in record.labels}
