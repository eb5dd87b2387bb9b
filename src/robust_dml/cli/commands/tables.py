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
    from robust_dml.files import write_text
    from robust_dml.paths import results_folder
    from robust_dml.progress import say
    from robust_dml.report.formats import FORMATS
    from robust_dml.report.numbers import Numbers
    from robust_dml.report.reported import add_reported, read_reported
    from robust_dml.report.results import Results
    from robust_dml.report.tables import build_tables

    study = load_study(arguments.study)
    tables = add_reported(build_tables(Numbers(Results(study))), read_reported(arguments.reported), study)
    folder = results_folder(study.name) / "tables"
    for table in tables:
        for suffix, text_of in FORMATS.items():
            write_text(folder / f"{table.name}.{suffix}", text_of(table))
    say(f"{len(tables)} tables in {folder}")
