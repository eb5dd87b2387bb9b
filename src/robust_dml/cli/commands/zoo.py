"""`robust-dml zoo`: the models that come with the package, and how a study's get there."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add [STUDY] --about FILE --out FOLDER."""
    add_study(parser, nargs="?")
    parser.add_argument("--about", type=Path, metavar="FILE", help="YAML with title, citation, url, licence, reported")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="another folder than that of the package")


def run(arguments: argparse.Namespace) -> None:
    """Copy the models of a finished study and print their folders; without a study print the names of all models."""
    from robust_dml.zoo.names import ZOO, zoo_names

    zoo = arguments.out or ZOO
    if arguments.study is None:
        names = zoo_names(zoo)
        print(*(names or ["no model yet; `robust-dml zoo STUDY` copies those of a finished study"]), sep="\n")
        return
    from robust_dml.cards.about import read_about
    from robust_dml.cards.card import About
    from robust_dml.config import load_study
    from robust_dml.zoo.fill import fill_zoo

    about = read_about(arguments.about) if arguments.about else About()
    print(*fill_zoo(load_study(arguments.study), about, zoo), sep="\n")
