"""`robust-dml train`: one model of a study."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_run, load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """STUDY and the names of the model."""
    add_run(parser)


def run(arguments: argparse.Namespace) -> None:
    """Train, or go on training, and write the model."""
    from robust_dml.config import training_settings
    from robust_dml.runtime.process_setup import settle

    settle()
    study, run = load_run(arguments, training_settings)

    from robust_dml.training import train

    train(study, run)
