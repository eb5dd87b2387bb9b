"""Gather the readings of all threats of a study in one table, threats.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from robust_dml.config import Run, Study
from robust_dml.config.digests import threat_digest
from robust_dml.config.paths import results_folder, threat_path
from robust_dml.config.resolve import runs
from robust_dml.evaluation.readings import Reading
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import write_text
from robust_dml.runtime.sealed import read_sealed, write_checksum

MODEL = ("dataset", "loss", "training", "seed")
COLUMNS = (*MODEL, "threat", "kind", *(field.name for field in fields(Reading)))


def collect_threats(study: Study) -> Path:
    """Write threats.csv and its checksum, one row a reading, and return its path.

    Raises UserError if the study has no threats, or if a file is missing, damaged, edited, or was measured with other
    settings or code.
    """
    if not study.threats:
        raise UserError(f"{study.name}: the study has no threats; list them under `threats`")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for run in runs(study):
        for name in study.threats:
            writer.writerows(_rows(study, run, name))
    target = results_folder(study.name) / "threats.csv"
    write_text(target, text.getvalue())
    write_checksum(target)
    return target


def _rows(study: Study, run: Run, name: str) -> Iterator[dict[str, Any]]:
    path = threat_path(study.name, run, name)
    content = read_sealed(path)
    for key, expected in {**run._asdict(), "threat": name, "digest": threat_digest(study, name)}.items():
        if content.get(key) != expected:
            raise UserError(
                f"{path}: that of another result: {key}: expected {expected}, found {content.get(key)}; run"
                " `robust-dml threat` or snakemake again"
            )
    what = {**run._asdict(), "threat": name, "kind": study.threats[name].kind}
    for values in content["readings"]:
        reading = asdict(Reading(**values))
        yield what | {key: "" if value is None else value for key, value in reading.items()}
