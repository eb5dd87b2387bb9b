"""`robust-dml store`: the images of a dataset, packed for training and testing."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_dataset, add_workers, load_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --dataset NAME [--workers N] [--settings DIGEST]."""
    add_dataset(parser)
    add_workers(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the store that fits the dataset's transform."""
    from robust_dml.data.parallel import default_workers
    from robust_dml.data.store.build import build_store

    study, name = load_dataset(arguments)
    print(build_store(study.datasets[name], study.data_root, workers=arguments.workers or default_workers()))
