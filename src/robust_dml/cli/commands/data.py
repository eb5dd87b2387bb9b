"""`robust-dml data verify`: every prepared image against its index."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study, add_workers, require_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add verify STUDY [--dataset NAME] [--workers N]."""
    parser.add_argument("action", choices=["verify"], help="open every image and compare it with the index")
    add_study(parser)
    parser.add_argument("--dataset", help="only this dataset of the study")
    add_workers(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print a line for each intact dataset; raise UserError that names what is damaged."""
    from robust_dml.config import load_study
    from robust_dml.data.parallel import default_workers
    from robust_dml.data.verify import verify

    study = load_study(arguments.study)
    names = [arguments.dataset] if arguments.dataset else list(study.datasets)
    for name in names:
        require_dataset(arguments.study, study, name)
        print(verify(study.datasets[name], study.data_root, workers=arguments.workers or default_workers()))
