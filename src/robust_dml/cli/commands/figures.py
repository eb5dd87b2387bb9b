"""`robust-dml figures`: results/<study>/figures."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --only NAME."""
    add_study(parser)
    parser.add_argument("--only", metavar="NAME", help="draw this figure alone; without it all are drawn")


def run(arguments: argparse.Namespace) -> None:
    """Draw the figures as PDF and PNG."""
    from robust_dml.config import load_study
    from robust_dml.report.write import write_figures

    write_figures(load_study(arguments.study), arguments.only)
