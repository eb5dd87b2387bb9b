"""`robust-dml index`: the images of a dataset, one line each."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_dataset, add_workers, load_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --dataset NAME [--workers N] [--settings DIGEST]."""
    add_dataset(parser)
    add_workers(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write index.csv into the dataset's folder; unpacks or makes the images first if they are not there."""
    from robust_dml.data.index.build import build_index
    from robust_dml.data.parallel import default_workers

    study, name = load_dataset(arguments)
    workers = arguments.workers or default_workers()
    print(build_index(study.datasets[name], study.data_root, study.sources, workers=workers))
