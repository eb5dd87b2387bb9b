"""Copy the numbers of a finished run to records/<study>, which git keeps and no run overwrites."""

from __future__ import annotations

import shutil
from pathlib import Path

from robust_dml.config import Study
from robust_dml.config.paths import record_folder, results_folder
from robust_dml.report.catalogue import figure_names, report_files, table_names
from robust_dml.report.verification import has_standard
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling, write_text
from robust_dml.runtime.sealed import require_checksum


def record(study: Study, summary: str) -> Path:
    """Replace the record of a study by what its run made, and return its folder.

    It has metrics.csv and threats.csv with their checksums, headline numbers as JSON, claims, cards, tables as CSV,
    figures as PNG, and `summary`, what the terminal shows after the run. Raises UserError if the run is not complete.
    """
    source, target = results_folder(study.name), record_folder(study.name)
    kept = _recorded(study)
    missing = [file for file in [*report_files(study), *(source / name for name in kept)] if not file.exists()]
    if missing:
        raise UserError(f"{missing[0]}: no such file; finish the run before it is recorded")
    require_checksum(source / "metrics.csv", "run snakemake again")
    with filling(target) as folder:
        for name in kept:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, folder / name)
        write_text(folder / "summary.txt", summary)
    return target


def _recorded(study: Study) -> list[str]:
    """Return what of the results of a study is kept."""
    names = ["metrics.csv", "metrics.csv.sha256", "metrics.json", "claims.json"]
    names += ["threats.csv", "threats.csv.sha256"] if study.threats else []
    tables = (f"tables/{name}.csv" for name in table_names(study))
    figures = (f"figures/{name}.png" for name in figure_names(study))
    return [*names, *tables, *figures, *_cards(study)]


def _cards(study: Study) -> list[str]:
    """Return the cards of a study that runs the standard protocol; one card is a file, several are a folder more."""
    if not has_standard(study):
        return []
    several = (results_folder(study.name) / "cards").glob("*.json")
    return ["card.json", *sorted(f"cards/{file.name}" for file in several)]
