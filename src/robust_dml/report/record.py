"""Copy the numbers of a finished run to records/<study>, which git keeps and no run overwrites."""

from __future__ import annotations

import shutil
from pathlib import Path

from robust_dml.config import Study
from robust_dml.config.paths import record_folder, results_folder
from robust_dml.report.catalogue import figure_names, report_files
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling, write_text
from robust_dml.runtime.sealed import require_checksum


def record(study: Study, summary: str) -> Path:
    """Replace the record of a study by what its run made, and return its folder.

    It has metrics.csv with its checksum, headline numbers as JSON, claims, tables, figures as PNG, and `summary`, what
    the terminal shows after the run. Raises UserError if the run is not complete.
    """
    source, target = results_folder(study.name), record_folder(study.name)
    missing = [file for file in report_files(study) if not file.exists()]
    if missing:
        raise UserError(f"{missing[0]}: no such file; finish the run before it is recorded")
    require_checksum(source / "metrics.csv", "run snakemake again")
    with filling(target) as folder:
        for name in ("metrics.csv", "metrics.csv.sha256", "metrics.json", "claims.json"):
            shutil.copyfile(source / name, folder / name)
        shutil.copytree(source / "tables", folder / "tables")
        (folder / "figures").mkdir()
        for figure in figure_names(study):
            shutil.copyfile(source / f"figures/{figure}.png", folder / f"figures/{figure}.png")
        write_text(folder / "summary.txt", summary)
    return target
