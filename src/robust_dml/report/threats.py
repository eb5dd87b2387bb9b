"""threats.csv, and the cells of the tables and figures of threats."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from robust_dml.config import ModelName, Study
from robust_dml.config.paths import results_folder
from robust_dml.report.cells import Numbers
from robust_dml.report.labels import radius
from robust_dml.report.seeds import with_ends
from robust_dml.report.selection import groups, trainings_of
from robust_dml.report.table import Cell, Column, Row, Table, number
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import require_checksum

INTERVALS = "Below a share its 95 % interval over queries, clustered by class."
AGAIN = "run snakemake, or `robust-dml collect`, again"


@dataclass(frozen=True)
class ThreatRow:
    """One line of threats.csv: one reading of one threat on one model; low and high are None without an interval."""

    model: ModelName
    seed: int
    threat: str
    kind: str
    setting: str
    level: float
    metric: str
    value: float
    low: float | None
    high: float | None


class ThreatNumbers:
    """The readings of a study's threats."""

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def rows(self) -> list[ThreatRow]:
        """Every row of threats.csv. Raises UserError if the file is absent, damaged or was changed by hand."""
        return read_threats(threats_file(self.study)[0])

    def names(self, kind: str) -> list[str]:
        """Return the threats of a kind, in the order of the study."""
        return [name for name, config in self.study.threats.items() if config.kind == kind]

    def of(self, name: str, model: ModelName | None = None) -> list[ThreatRow]:
        """Return the rows of a threat, of one model or of all."""
        return [row for row in self.rows if row.threat == name and model in (None, row.model)]

    def curve(self, name: str, model: ModelName, *settings: str) -> list[ThreatRow]:
        """Return the rows of the threat's metric under settings, or those that say at a glance what it does."""
        record = self.study.threats[name].record
        shown = settings or record.curve
        return [row for row in self.of(name, model) if row.setting in shown and row.metric == record.metric]

    def cell(self, name: str, model: ModelName, shown: Shown) -> Cell:
        """Return the mean over seeds of a reading, with the mean of the ends of their intervals over queries."""
        rows = [row for row in self.of(name, model) if (row.setting, row.level, row.metric) == shown.reading]
        seeds = {row.seed: row.value for row in rows}
        ends = [(row.low, row.high) for row in rows if row.low is not None and row.high is not None]
        return number(seeds, interval=with_ends(seeds, ends), model=model)


def threats_file(study: Study) -> list[Path]:
    """Return threats.csv."""
    return [results_folder(study.name) / "threats.csv"]


def wants(kind: str) -> Callable[[Study], bool]:
    """Return whether a study has a threat of a kind, as a function of the study."""
    return lambda study: any(config.kind == kind for config in study.threats.values())


def read_threats(path: Path) -> list[ThreatRow]:
    """Read threats.csv. Raises UserError if it is absent, damaged or was changed by hand."""
    if not path.exists():
        raise UserError(f"{path}: no readings yet; run snakemake on this study first")
    require_checksum(path, AGAIN)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [_row(line) for line in csv.DictReader(stream, strict=True)]
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path}: not the readings of threats ({error}); {AGAIN}") from error


def _row(line: dict[str, str]) -> ThreatRow:
    return ThreatRow(
        model=ModelName(line["dataset"], line["loss"], line["training"]),
        seed=int(line["seed"]),
        threat=line["threat"],
        kind=line["kind"],
        setting=line["setting"],
        level=float(line["level"]),
        metric=line["metric"],
        value=float(line["value"]),
        low=float(line["low"]) if line["low"] else None,
        high=float(line["high"]) if line["high"] else None,
    )


@dataclass(frozen=True)
class Shown:
    """A column of a table of threats: which readings it holds, and its head."""

    setting: str
    level: float
    metric: str
    group: str
    label: str

    @property
    def reading(self) -> tuple[str, float, str]:
        """What tells a reading from the others of its model and threat."""
        return self.setting, self.level, self.metric


def level_label(level: float) -> str:
    """Return the head of the columns at a radius: "clean" for 0."""
    return f"ε = {radius(level)}" if level else "clean"


def threat_table(
    numbers: Numbers, kind: str, columns: Callable[[Iterable[ThreatRow]], list[Shown]], caption: str
) -> Table:
    """Return a table with a row per threat of a kind and model, and the columns that its readings ask for."""
    threats = ThreatNumbers(numbers.study)
    shown = columns([row for row in threats.rows if row.kind == kind])
    rows = []
    for name in threats.names(kind):
        for group in groups(numbers.study):
            for training in trainings_of(numbers.study, group):
                model = ModelName(group.dataset, group.loss, training)
                cells = tuple(threats.cell(name, model, column) for column in shown)
                rows.append(Row((group.dataset, group.loss, training, name), cells, (group.dataset, group.loss, name)))
    heads = tuple(Column(f"{c.setting} {c.level:g} {c.metric}", c.group, c.label, better="none") for c in shown)
    return Table(f"{caption} {INTERVALS}", ("dataset", "loss", "training", "threat"), heads, tuple(rows))
