"""`robust-dml score`: metrics, checks and examples of one attacked model, from its stored embeddings."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_run, load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY and the names of one model."""
    add_run(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the scores; no network is run."""
    from robust_dml.config.digests import score_digest
    from robust_dml.runtime.process_setup import configure_process

    configure_process()
    study, model = load_run(arguments, score_digest)

    from robust_dml.evaluation.score import score_model

    score_model(study, model)
