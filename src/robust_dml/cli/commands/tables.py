"""`robust-dml tables`: results/<study>/tables."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study
from robust_dml.cli.report_arguments import add_reported, reported_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --reported FILE."""
    add_study(parser)
    add_reported(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write every table in every format."""
    from robust_dml.config import load_study
    from robust_dml.config.paths import results_folder
    from robust_dml.report.cells import Numbers
    from robust_dml.report.paper_values import beside_ours
    from robust_dml.report.renderers import FORMATS
    from robust_dml.report.results import Results
    from robust_dml.report.tables import build_tables
    from robust_dml.runtime.files import write_text
    from robust_dml.runtime.progress import say

    study = load_study(arguments.study)
    tables = beside_ours(build_tables(Numbers(Results(study))), reported_of(arguments), study)
    folder = results_folder(study.name) / "tables"
    for table in tables:
        for suffix, text_of in FORMATS.items():
            write_text(folder / f"{table.name}.{suffix}", text_of(table))
    say(f"{len(tables)} tables in {folder}")
