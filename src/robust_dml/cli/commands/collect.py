"""`robust-dml collect`: gathers the results of all attacks in metrics.csv, or the threats in threats.csv."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY, --threats and --partial."""
    add_study(parser)
    parser.add_argument("--threats", action="store_true", help="gather the readings of the threats, in threats.csv")
    parser.add_argument("--partial", action="store_true", help="leave out results that do not exist yet")


def run(arguments: argparse.Namespace) -> None:
    """Write metrics.csv or threats.csv and print its path."""
    from robust_dml.config import load_study
    from robust_dml.evaluation.collect import collect
    from robust_dml.evaluation.collect_threats import collect_threats

    study = load_study(arguments.study)
    print(collect_threats(study) if arguments.threats else collect(study, partial=arguments.partial))
