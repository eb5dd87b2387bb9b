"""`robust-dml tables`: results/<study>/tables."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import add_study

REPORTED = Path("config/reported.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """STUDY --reported FILE."""
    add_study(parser)
    parser.add_argument(
        "--reported",
        type=Path,
        default=REPORTED,
        metavar="FILE",
        help="values printed in the paper, to stand beside ours (table,row,column,value,page)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write every table in every format."""
    from robust_dml.config import load_study
    from robust_dml.config.paths import results_folder
    from robust_dml.report.cells import Numbers
    from robust_dml.report.paper_values import add_reported, read_reported
    from robust_dml.report.renderers import FORMATS
    from robust_dml.report.results import Results
    from robust_dml.report.tables import build_tables
    from robust_dml.runtime.files import write_text
    from robust_dml.runtime.progress import say

    study = load_study(arguments.study)
    tables = add_reported(build_tables(Numbers(Results(study))), read_reported(arguments.reported), study)
    folder = results_folder(study.name) / "tables"
    for table in tables:
        for suffix, text_of in FORMATS.items():
            write_text(folder / f"{table.name}.{suffix}", text_of(table))
    say(f"{len(tables)} tables in {folder}")
