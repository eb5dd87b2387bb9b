"""`robust-dml page`: results/<study>/report.html."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import add_study
from robust_dml.cli.commands.claims import CLAIMS
from robust_dml.cli.commands.tables import REPORTED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """STUDY --claims FILE --reported FILE."""
    add_study(parser)
    parser.add_argument("--claims", type=Path, default=CLAIMS, metavar="FILE", help="the claims to check")
    parser.add_argument("--reported", type=Path, default=REPORTED, metavar="FILE", help="values printed in the paper")


def run(arguments: argparse.Namespace) -> None:
    """Write the page; the figures must have been drawn."""
    from robust_dml.config import load_study
    from robust_dml.report.cells import Numbers
    from robust_dml.report.claims import judge, load_claims
    from robust_dml.report.page import build_page
    from robust_dml.report.paper_values import add_reported, read_reported
    from robust_dml.report.results import Results
    from robust_dml.report.tables import build_tables
    from robust_dml.runtime.files import write_text
    from robust_dml.runtime.progress import say

    study = load_study(arguments.study)
    results = Results(study)
    numbers = Numbers(results)
    tables = add_reported(build_tables(numbers), read_reported(arguments.reported), study)
    verdicts = [judge(claim, numbers) for claim in load_claims(arguments.claims)]
    text = build_page(numbers, tables, verdicts)
    write_text(results.folder / "report.html", text)
    say(f"{results.folder / 'report.html'}: {len(text.encode()) / 1e6:.1f} MB, opens in any browser")
