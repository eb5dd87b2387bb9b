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
    from robust_dml.report.catalogue import figure_files, figure_names
    from robust_dml.report.cells import Numbers
    from robust_dml.report.figures import draw, save
    from robust_dml.report.results import Results
    from robust_dml.runtime.errors import UserError
    from robust_dml.runtime.progress import say
    from robust_dml.runtime.suggestion import did_you_mean

    study = load_study(arguments.study)
    names = figure_names(study)
    if arguments.only and arguments.only not in names:
        meant = did_you_mean(arguments.only, names)
        raise UserError(f"{arguments.study}: has no figure {arguments.only}{meant}; it has {', '.join(names)}")
    numbers = Numbers(Results(study))
    for name in [arguments.only] if arguments.only else names:
        save(draw(numbers, name), figure_files(study, name))
        say(f"figure {name}: {figure_files(study, name)[-1]}")
