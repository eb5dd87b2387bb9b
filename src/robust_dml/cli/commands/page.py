"""`robust-dml page`: results/<study>/report.html."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study
from robust_dml.cli.report_arguments import add_claims, add_reported, claims_of, reported_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --claims FILE --reported FILE."""
    add_study(parser)
    add_claims(parser)
    add_reported(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the page; the figures must have been drawn."""
    from robust_dml.config import load_study
    from robust_dml.report.write import write_page

    write_page(load_study(arguments.study), claims_of(arguments), reported_of(arguments))
