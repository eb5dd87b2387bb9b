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
    from robust_dml.report.cells import Numbers
    from robust_dml.report.claims import judge
    from robust_dml.report.page import build_page
    from robust_dml.report.paper_values import beside_ours
    from robust_dml.report.results import Results
    from robust_dml.report.tables import build_tables
    from robust_dml.runtime.files import write_text
    from robust_dml.runtime.progress import say

    study = load_study(arguments.study)
    results = Results(study)
    numbers = Numbers(results)
    tables = beside_ours(build_tables(numbers), reported_of(arguments), study)
    verdicts = [judge(claim, numbers) for claim in claims_of(arguments)]
    text = build_page(numbers, tables, verdicts)
    write_text(results.folder / "report.html", text)
    say(f"{results.folder / 'report.html'}: {len(text.encode()) / 1e6:.1f} MB, opens in any browser")
