"""`robust-dml collect`: gathers the results of all attacks in metrics.csv."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY and --partial."""
    add_study(parser)
    parser.add_argument("--partial", action="store_true", help="leave out results that do not exist yet")


def run(arguments: argparse.Namespace) -> None:
    """Write metrics.csv and print its path."""
    from robust_dml.config import load_study
    from robust_dml.evaluation.collect import collect

    print(collect(load_study(arguments.study), partial=arguments.partial))
