"""`robust-dml zoo`: the models that come with the package, and how they get there."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import study_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --from STUDY --about FILE."""
    parser.add_argument("--from", dest="study", type=study_file, metavar="STUDY", help="fill it from a study")
    parser.add_argument("--about", type=Path, metavar="FILE", help="YAML with title, citation, url, licence, reported")


def run(arguments: argparse.Namespace) -> None:
    """Print the models, a line each: recall@1 without attack and at each radius, and the verdict."""
    from robust_dml.cards.about import read_about
    from robust_dml.cards.card import About
    from robust_dml.config import load_study
    from robust_dml.zoo.models import load_card, zoo_names
    from robust_dml.zoo.refresh import refresh_zoo

    if arguments.study:
        refresh_zoo(load_study(arguments.study), read_about(arguments.about) if arguments.about else About())
    for name in zoo_names():
        card = load_card(name)
        recalls = ", ".join(f"{100 * card.right(radius).mean():.1f} at {radius:.4g}" for radius in card.radii)
        print(f"{name:<40}{recalls} ({card.threat['norm']}, {card.verdict})")
