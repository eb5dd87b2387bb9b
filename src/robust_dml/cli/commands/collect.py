"""`robust-dml collect`: gathers the results of all attacks in metrics.csv."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write metrics.csv and print its path."""
    from robust_dml.config import load_study
    from robust_dml.evaluation.collect import collect

    print(collect(load_study(arguments.study)))
