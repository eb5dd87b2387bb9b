"""`robust-dml digests`: what each stage of a study depends on, as a small file that DVC compares."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write results/<study>/digests.json."""
    from robust_dml.config import load_study
    from robust_dml.config.digests import stage_digests
    from robust_dml.config.paths import results_folder
    from robust_dml.runtime.files import write_json

    study = load_study(arguments.study)
    path = results_folder(study.name) / "digests.json"
    write_json(path, stage_digests(study))
    print(path)
