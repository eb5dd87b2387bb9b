"""`robust-dml leaderboard`: one page from cards."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add CARDS... --out FILE."""
    parser.add_argument("cards", type=Path, nargs="+", metavar="CARD", help="cards of audits or studies")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page, such as leaderboard.html")


def run(arguments: argparse.Namespace) -> None:
    """Write the page; a card that cannot be trusted is shown as refused, without its numbers."""
    from robust_dml.cards.leaderboard import leaderboard
    from robust_dml.runtime.files import write_text

    write_text(arguments.out, leaderboard(arguments.cards))
    print(arguments.out)
