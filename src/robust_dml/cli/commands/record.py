"""`robust-dml record`: keep the numbers of a finished run as those of record."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Replace records/<study> and print its path."""
    from robust_dml.config import load_study
    from robust_dml.report.record import record
    from robust_dml.report.summary import summary

    study = load_study(arguments.study)
    print(record(study, summary(study)))
