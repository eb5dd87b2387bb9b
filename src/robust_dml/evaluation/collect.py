"""Gather the results of all attacks of a study in one table, metrics.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from robust_dml.config import Study
from robust_dml.config.evaluation import result_labels
from robust_dml.config.paths import results_folder, score_path
from robust_dml.config.resolve import runs
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import read_json, write_text
from robust_dml.runtime.progress import say

WHAT = ("dataset", "backbone", "loss", "training", "seed", "attack", "norm", "epsilon", "steps", "objective")
COLUMNS = (*WHAT, "protocol", "metric", "value")


def collect(study: Study) -> Path:
    """Write metrics.csv, one row per model, attack, epsilon, protocol and metric; return its path.

    Results that do not exist yet are left out, and said. Raises UserError if there is none.
    """
    expected = [score_path(study.name, run, name) for run in runs(study) for name in result_labels(study)]
    found = [path for path in expected if path.exists()]
    if not found:
        raise UserError(f"{results_folder(study.name)}: no attack results; run `robust-dml attack` or snakemake first")
    if len(found) < len(expected):
        say(f"metrics.csv: {len(expected) - len(found)} of {len(expected)} results do not exist yet and are left out")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for path in found:
        writer.writerows(_rows(read_json(path)))
    target = results_folder(study.name) / "metrics.csv"
    write_text(target, text.getvalue())
    return target


def _rows(result: dict[str, Any]) -> Iterator[list[Any]]:
    what = [result[column] for column in WHAT]
    for protocol, metrics in result["metrics"].items():
        for metric, value in metrics.items():
            yield [*what, protocol, metric, value]
