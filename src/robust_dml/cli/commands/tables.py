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
    from robust_dml.report.write import write_tables

    write_tables(load_study(arguments.study), reported_of(arguments))
