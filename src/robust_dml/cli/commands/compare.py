"""`robust-dml compare`: the numbers of a run beside those of record."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.runtime.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add RECORD and RUN."""
    parser.add_argument("record", type=Path, metavar="RECORD", help="folder of the numbers of record: records/demo")
    parser.add_argument("folder", type=Path, metavar="RUN", help="folder of the numbers of a run: results/demo")


def run(arguments: argparse.Namespace) -> None:
    """Print each number that differs beyond its interval. Raises UserError if there is one."""
    from robust_dml.report.compare import compare

    found = compare(arguments.record, arguments.folder)
    for difference in found.differences:
        print(difference)
    compared = f"{found.compared} numbers compared within their 95 % intervals, {found.without_interval} have none"
    if found.differences:
        raise UserError(f"{len(found.differences)} numbers differ; {compared}")
    print(f"no number differs; {compared}")
