"""`robust-dml cards`: what each model of a study showed under the standard protocol, a file each."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --about FILE."""
    add_study(parser)
    parser.add_argument("--about", type=Path, metavar="FILE", help="YAML with title, citation, url, licence, reported")


def run(arguments: argparse.Namespace) -> None:
    """Write the cards and print their files."""
    from robust_dml.cards.about import read_about
    from robust_dml.cards.card import About
    from robust_dml.cards.make import write_cards
    from robust_dml.config import load_study

    about = read_about(arguments.about) if arguments.about else About()
    print(*write_cards(load_study(arguments.study), about), sep="\n")
