"""`robust-dml train`: one model of a study."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_run, load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY and the names of the model."""
    add_run(parser)


def run(arguments: argparse.Namespace) -> None:
    """Train, or go on training, and write the model."""
    from robust_dml.config.digests import training_digest
    from robust_dml.runtime.process_setup import configure_process

    configure_process()
    study, run = load_run(arguments, training_digest)

    from robust_dml.training import train

    train(study, run)
