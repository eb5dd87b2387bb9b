"""`robust-dml run`: a whole study, with a line per finished job, then its first table."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study
from robust_dml.runtime.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --cores N --verbose --snakemake WORDS."""
    add_study(parser)
    parser.add_argument("--cores", default="all", metavar="N", help="jobs side by side; one per core if absent")
    parser.add_argument("--verbose", action="store_true", help="all that Snakemake prints, with reasons and commands")
    parser.add_argument(
        "--snakemake",
        nargs=argparse.REMAINDER,
        default=[],
        metavar="WORDS",
        help="the rest of the line is for Snakemake",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run Snakemake on the study; print its summary, unless a part was asked for. Raises UserError if a job failed."""
    from robust_dml.cli.commands import summary
    from robust_dml.config import load_study
    from robust_dml.planning.launch import launch
    from robust_dml.planning.status import LOGS

    log = LOGS / load_study(arguments.study).name / "snakemake.log"

    if launch(arguments.study, log, cores=arguments.cores, verbose=arguments.verbose, more=arguments.snakemake):
        raise UserError(f"{arguments.study}: not finished; the same command goes on from what is saved")
    if not arguments.snakemake:
        summary.run(arguments)
