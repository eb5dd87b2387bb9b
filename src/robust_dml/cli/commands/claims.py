"""`robust-dml claims`: results/<study>/claims.json."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study
from robust_dml.cli.report_arguments import add_claims, claims_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --claims FILE."""
    add_study(parser)
    add_claims(parser)


def run(arguments: argparse.Namespace) -> None:
    """Check every claim; a claim that does not hold is a finding, not an error."""
    from dataclasses import asdict

    from robust_dml.config import load_study
    from robust_dml.report.cells import Numbers
    from robust_dml.report.claims import judge, record_of
    from robust_dml.report.results import Results
    from robust_dml.runtime.files import write_json
    from robust_dml.runtime.progress import say

    study = load_study(arguments.study)
    results = Results(study)
    numbers = Numbers(results)
    verdicts = [judge(claim, numbers) for claim in claims_of(arguments)]
    records = [asdict(record_of(verdict)) for verdict in verdicts]
    write_json(results.folder / "claims.json", {"study": study.name, "claims": records})
    for verdict in verdicts:
        say(f"{verdict.answer:>13}  {verdict.claim.id}: {verdict.reason}")
    if not verdicts:
        say("no claims to check")
