"""`robust-dml claims`: results/<study>/claims.json."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import add_study

CLAIMS = Path("config/claims.yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """STUDY --claims FILE."""
    add_study(parser)
    parser.add_argument("--claims", type=Path, default=CLAIMS, metavar="FILE", help="the claims to check")


def run(arguments: argparse.Namespace) -> None:
    """Judge every claim; a claim that does not hold is a finding, not an error."""
    from robust_dml.config import load_study
    from robust_dml.config.paths import results_folder
    from robust_dml.report.cells import Numbers
    from robust_dml.report.claims import judge, load_claims
    from robust_dml.report.results import Results
    from robust_dml.runtime.files import write_json
    from robust_dml.runtime.progress import say

    study = load_study(arguments.study)
    numbers = Numbers(Results(study))
    verdicts = [judge(claim, numbers) for claim in load_claims(arguments.claims)]
    path = results_folder(study.name) / "claims.json"
    write_json(path, {"study": study.name, "claims": [verdict.record() for verdict in verdicts]})
    for verdict in verdicts:
        say(f"{verdict.answer:>13}  {verdict.claim.id}: {verdict.reason}")
