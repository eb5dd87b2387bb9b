"""`robust-dml headlines`: a study in at most ten numbers and two curves."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the files and print their paths."""
    from robust_dml.config import load_study
    from robust_dml.report.headlines import write_headlines

    print(*write_headlines(load_study(arguments.study)), sep="\n")
