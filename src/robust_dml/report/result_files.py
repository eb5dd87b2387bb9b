"""The JSON and CSV files of a model and of the attacks on it, as typed records."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AllowInfNan, TypeAdapter, ValidationError

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import read_sealed
from robust_dml.runtime.section import explain

T = TypeVar("T")

Outcome = Literal["pass", "fail", "not run"]
Finite = Annotated[float, AllowInfNan(False)]


@dataclass(frozen=True)
class Counts:
    """How many queries were attacked, and how many enter the metrics."""

    queries: int
    scored: int


@dataclass(frozen=True)
class Queries:
    """A column for each value that is recorded per query."""

    id: tuple[int, ...]
    label: tuple[int, ...]
    scored: tuple[bool, ...]
    """Whether the query enters the metrics: its class has another image in the gallery."""
    adversarial_right: tuple[bool, ...]
    """Whether the nearest neighbour is of its class, under attack or, in clean.json, without."""
    adversarial_right_as_released: tuple[bool, ...]
    shift: tuple[Finite | None, ...]
    """Euclidean distance between the clean and the attacked embedding; None if that is not a number."""


@dataclass(frozen=True)
class AttackResult:
    """`<attack>-<epsilon>.json` or clean.json: what one attack did to one model."""

    counts: Counts
    queries: Queries


@dataclass(frozen=True)
class CheckFinding:
    """One sanity check of the attacks on one model.

    `taints` are the labels of the results that it puts in doubt; `gate` says whether it is a gate of the standard.
    """

    check: str
    verdict: Outcome
    observed: Finite | None
    expected: str
    taints: tuple[str, ...]
    why: str
    gate: bool = False


@dataclass(frozen=True)
class ChecksFile:
    """checks.json."""

    checks: tuple[CheckFinding, ...]


@dataclass(frozen=True)
class TrainingTotals:
    """What a training took, in seconds."""

    seconds: Finite


@dataclass(frozen=True)
class ModelRecord:
    """run.json of a training."""

    settings: dict[str, Any]
    revision: str
    device: str
    finished: str
    model_sha256: str
    history_sha256: str
    data_sha256: str
    totals: TrainingTotals


@dataclass(frozen=True)
class AttackTime:
    """What one attack took, in seconds."""

    seconds: Finite


@dataclass(frozen=True)
class AttackRecord:
    """run.json of the attacks on a model."""

    finished: str
    examples_sha256: str
    attacks: dict[str, AttackTime]


@dataclass(frozen=True)
class HistoryRow:
    """One epoch of history.csv; None is what was not measured. Recalls are shares in [0, 1]."""

    epoch: int
    loss: Finite | None
    recall: Finite | None
    adversarial_recall: Finite | None


def read_as(kind: type[T], path: Path) -> T | None:
    """Read a JSON file as a dataclass; None if there is no file.

    Raises UserError if the file has another form, or another content than its hash says.
    """
    if not path.exists():
        return None
    try:
        found = TypeAdapter(kind).validate_json(path.read_bytes(), strict=True)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error)}; delete the file and run snakemake again") from error
    read_sealed(path)
    return found


def read_history(path: Path) -> list[HistoryRow]:
    """Read history.csv; empty if there is no file. Raises UserError that names the line and column of a mistake."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = set(_COLUMNS.values()) - set(reader.fieldnames or ())
            if missing:
                raise UserError(
                    f"{path}: lacks the column {', '.join(sorted(missing))}; delete it and run snakemake again"
                )
            return [_epoch(line, f"{path}, line {reader.line_num}") for line in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a CSV file ({error}); delete it and run snakemake again") from error


_COLUMNS = {"epoch": "epoch", "loss": "loss", "recall": "recall@1", "adversarial_recall": "adversarial_recall@1"}
_HISTORY_ROW = TypeAdapter(HistoryRow)


def _epoch(line: dict[str, str], place: str) -> HistoryRow:
    try:
        row = _HISTORY_ROW.validate_python({name: line.get(column) or None for name, column in _COLUMNS.items()})
    except ValidationError as error:
        raise UserError(f"{place}: {explain(error)}; delete the file and run snakemake again") from error
    return row
