"""`robust-dml threat`: one threat on one trained model."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_run, load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY, the names of one model, and --threat NAME."""
    add_run(parser)
    parser.add_argument("--threat", required=True, help="a name below `threats` of the study")


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the readings."""
    from robust_dml.config.digests import threat_digest
    from robust_dml.runtime.process_setup import configure_process

    configure_process()
    study, model = load_run(arguments, lambda study, run: threat_digest(study, arguments.threat))

    from robust_dml.evaluation.measure import measure_threat

    measure_threat(study, model, arguments.threat)
