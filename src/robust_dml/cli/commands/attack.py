"""`robust-dml attack`: attacks one trained model with all attacks of its study."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_run, load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """STUDY and the names of one model."""
    add_run(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the attack results of one model; a killed command goes on where it was."""
    from robust_dml.config import attack_settings
    from robust_dml.evaluation import evaluate
    from robust_dml.runtime.process_setup import settle

    settle()
    evaluate(*load_run(arguments, attack_settings))
