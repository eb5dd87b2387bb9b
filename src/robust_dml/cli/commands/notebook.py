"""`robust-dml notebook`: run a notebook on a study, into one HTML file."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY, --notebook and --html."""
    add_study(parser)
    parser.add_argument("--notebook", required=True, type=Path, help="such as notebooks/results.ipynb")
    parser.add_argument("--html", required=True, type=Path, help="where the executed copy goes")


def run(arguments: argparse.Namespace) -> None:
    """Run the notebook and write its HTML."""
    from robust_dml.config import load_study
    from robust_dml.report.notebook import write_notebook

    load_study(arguments.study)
    write_notebook(arguments.notebook, arguments.study, arguments.html)
    print(arguments.html)
