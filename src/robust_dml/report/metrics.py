"""metrics.csv, and the mean and spread over seeds of its values."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from robust_dml.runtime.errors import UserError

Seeds = Mapping[int, float]


class Row(NamedTuple):
    """One line of metrics.csv."""

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

    @property
    def result(self) -> str:
        """The name of the attack result: `clean`, or the attack with its epsilon."""
        return "clean" if self.attack == "none" else f"{self.attack}-{self.epsilon:g}"


class Metrics:
    """All values of a study, looked up by what they were measured on; `models` has the rows of each model."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self.models: dict[tuple[str, str, str], list[Row]] = {}
        self._seeds: dict[tuple[str, ...], dict[int, float]] = {}
        for row in self.rows:
            model = (row.dataset, row.loss, row.training)
            key = (*model, row.result, row.metric, row.protocol)
            self._seeds.setdefault(key, {})[row.seed] = row.value
            self.models.setdefault(model, []).append(row)

    def seeds(
        self, dataset: str, loss: str, training: str, result: str, *, metric: str = "recall@1", protocol: str = "masked"
    ) -> Seeds:
        """The value of each seed; empty where nothing was measured."""
        return self._seeds.get((dataset, loss, training, result, metric, protocol), {})


def read_metrics(path: Path) -> Metrics:
    """Read metrics.csv. Raises UserError where it is absent or lacks a column."""
    if not path.exists():
        raise UserError(f"{path}: no results yet; run snakemake on this study first")
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.DictReader(stream)
        missing = set(Row._fields) - set(lines.fieldnames or ())
        if missing:
            raise UserError(f"{path}: lacks the column {', '.join(sorted(missing))}; run `robust-dml collect` again")
        return Metrics([_row(line) for line in lines])


def _row(line: dict[str, str]) -> Row:
    numbers = {"seed": int(line["seed"]), "steps": int(line["steps"] or 0)}
    floats = {"epsilon": float(line["epsilon"] or 0), "value": float(line["value"])}
    return Row(**{name: line[name] for name in Row._fields} | numbers | floats)  # type: ignore[arg-type]


def mean(seeds: Seeds) -> float | None:
    """The mean over seeds, None without any."""
    return statistics.fmean(seeds.values()) if seeds else None


def spread(seeds: Seeds) -> float | None:
    """The sample standard deviation over seeds, None with fewer than two or where a value is not finite."""
    values = list(seeds.values())
    return statistics.stdev(values) if len(values) > 1 and all(map(math.isfinite, values)) else None


def ratio(of: float, to: float) -> float:
    """of / to; infinite where only `to` is zero, and 1 where both are."""
    if to == 0:
        return math.inf if of > 0 else 1.0
    return of / to


def paired(of: Seeds, to: Seeds) -> tuple[Seeds, Seeds]:
    """Both restricted to the seeds they share."""
    shared = [seed for seed in of if seed in to]
    return {seed: of[seed] for seed in shared}, {seed: to[seed] for seed in shared}
