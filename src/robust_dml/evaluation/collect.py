"""Gather the results of all attacks of a study in one table, metrics.csv."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of
from robust_dml.config.paths import model_folder, results_folder, score_path
from robust_dml.config.resolve import runs
from robust_dml.evaluation.result import identity
from robust_dml.evaluation.trained import recorded_sha256
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import write_text
from robust_dml.runtime.progress import say
from robust_dml.runtime.sealed import read_sealed, write_checksum

WHAT = ("dataset", "backbone", "loss", "training", "seed", "attack", "norm", "epsilon", "steps", "objective")
COLUMNS = (*WHAT, "protocol", "metric", "value", "low", "high")


def collect(study: Study, *, partial: bool = False) -> Path:
    """Write metrics.csv and its checksum, one row per model, attack, epsilon, protocol and metric; return its path.

    Raises UserError if a result is damaged, edited or that of another model or attack, if one is missing and not
    `partial`, or if there is none at all.
    """
    expected = [(run, at) for run in runs(study) for at in [CLEAN, *attacks_of(study)]]
    found = [(run, at) for run, at in expected if score_path(study.name, run, at.label).exists()]
    if not found:
        raise UserError(f"{results_folder(study.name)}: no attack results; run `robust-dml attack` or snakemake first")
    _require_all(study, [what for what in expected if what not in found], len(expected), partial)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run, at in found:
        writer.writerows(_rows(_checked(study, run, at)))
    target = results_folder(study.name) / "metrics.csv"
    write_text(target, text.getvalue())
    write_checksum(target)
    return target


def _require_all(study: Study, missing: list[tuple[Run, AttackAt]], total: int, partial: bool) -> None:
    if not missing:
        return
    first = score_path(study.name, missing[0][0], missing[0][1].label)
    counted = f"{len(missing)} of {total} results do not exist, such as {first}"
    if not partial:
        raise UserError(f"metrics.csv: {counted}; run snakemake, or collect what exists with --partial")
    say(f"metrics.csv: {counted}; they are left out")


def _checked(study: Study, run: Run, at: AttackAt) -> dict[str, Any]:
    """Return the content of a score file, which must be of this model and attack."""
    path = score_path(study.name, run, at.label)
    result = read_sealed(path)
    missing = [name for name in (*WHAT, "metrics", "intervals") if name not in result]
    if missing:
        raise UserError(f"{path}: lacks {', '.join(missing)}, scored by another version; run `robust-dml score` again")
    record = model_folder(study.name, run) / "run.json"
    expected = json.loads(json.dumps(asdict(identity(study, run, at))))
    if record.exists():
        expected["model_sha256"] = recorded_sha256(record)
    for name, value in expected.items():
        if result.get(name) != value:
            raise UserError(
                f"{path}: that of another result: {name}: expected {value}, found {result.get(name)}; run"
                " `robust-dml score` or snakemake again"
            )
    return result


def _rows(result: dict[str, Any]) -> Iterator[list[Any]]:
    what = [result[column] for column in WHAT]
    for protocol, metrics in result["metrics"].items():
        for metric, value in metrics.items():
            low, high = result["intervals"][protocol].get(metric, ("", ""))
            yield [*what, protocol, metric, value, low, high]
