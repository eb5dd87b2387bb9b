"""`robust-dml attack`: runs the attacks of a study on one trained model."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_run, load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY, the names of one model, --only LABEL."""
    add_run(parser)
    parser.add_argument("--only", metavar="LABEL", help="run this attack alone, such as pgd-0.1")


def run(arguments: argparse.Namespace) -> None:
    """Make every result that is absent or outdated; a killed command continues at its last finished block."""
    from robust_dml.evaluation.planned import attack_digests
    from robust_dml.runtime.process_setup import configure_process

    configure_process()
    study, model = load_run(arguments, lambda study, model: attack_digests(study))

    from robust_dml.evaluation.attack import attack_model

    attack_model(study, model, arguments.only)
