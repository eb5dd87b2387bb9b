"""`robust-dml digests`: what each stage of a study depends on, as small files that DVC compares."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write results/<study>/digests/<stage>.json."""
    from robust_dml.config import load_study
    from robust_dml.config.digests import stage_digests
    from robust_dml.config.paths import results_folder
    from robust_dml.runtime.files import write_json

    study = load_study(arguments.study)
    for stage, digest in stage_digests(study).items():
        path = results_folder(study.name) / "digests" / f"{stage}.json"
        write_json(path, {"digest": digest})
        print(path)
