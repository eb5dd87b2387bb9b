"""Arguments of the commands that compare results with claims and with the paper's values."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust_dml.report.claims import Claim
    from robust_dml.report.paper_values import Reported

CLAIMS = Path("config/claims.yaml")
REPORTED = Path("config/reported.csv")


def add_claims(parser: argparse.ArgumentParser) -> None:
    """Add --claims FILE."""
    parser.add_argument(
        "--claims", type=Path, metavar="FILE", help=f"the claims to check; {CLAIMS}, or none if there is no such file"
    )


def add_reported(parser: argparse.ArgumentParser) -> None:
    """Add --reported FILE."""
    parser.add_argument(
        "--reported",
        type=Path,
        metavar="FILE",
        help="values printed in the paper, to show beside ours (table,row,column,value,page);"
        f" {REPORTED}, or none if there is no such file",
    )


def claims_of(arguments: argparse.Namespace) -> list[Claim]:
    """Return the claims of --claims, else those of config/claims.yaml, else none."""
    from robust_dml.report.claims import load_claims

    path = _chosen(arguments.claims, CLAIMS)
    return load_claims(path) if path else []


def reported_of(arguments: argparse.Namespace) -> list[Reported]:
    """Return the values of --reported, else those of config/reported.csv, else none."""
    from robust_dml.report.paper_values import read_reported

    path = _chosen(arguments.reported, REPORTED)
    return read_reported(path) if path else []


def _chosen(given: Path | None, default: Path) -> Path | None:
    return given or (default if default.exists() else None)
