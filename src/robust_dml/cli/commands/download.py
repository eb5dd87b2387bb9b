"""`robust-dml download`: the archives of a study, verified."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from robust_dml.cli.arguments import add_study, require_dataset
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from robust_dml.config import Study
    from robust_dml.data.archives.sources import Archive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY [--dataset NAME] [--archive FILE]."""
    add_study(parser)
    parser.add_argument("--dataset", help="only the archives of this dataset of the study")
    parser.add_argument("--archive", help="only this archive, which may be one of another layout than the first")


def run(arguments: argparse.Namespace) -> None:
    """Download the selected archives into <data_root>/archives; archives already there are verified and left alone."""
    from robust_dml.config import load_study
    from robust_dml.data.archives.download import fetch
    from robust_dml.data.archives.sources import archives_folder

    study = load_study(arguments.study)
    for archive in _wanted(study, arguments):
        print(fetch(archive, archives_folder(study.data_root)))


def _wanted(study: Study, arguments: argparse.Namespace) -> list[Archive]:
    from robust_dml.data.archives.sources import chosen_layout, load_sources

    names = [arguments.dataset] if arguments.dataset else list(study.datasets)
    for name in names:
        require_dataset(arguments.study, study, name)
    table = load_sources(study.sources)
    kinds = dict.fromkeys(study.datasets[name].kind for name in names)
    sources = [table[kind] for kind in kinds if kind in table]
    if arguments.archive is None:
        return [archive for source in sources for archive in chosen_layout(source, study.data_root)]
    layouts = [archive for source in sources for layout in source.layouts.values() for archive in layout]
    wanted = [archive for archive in layouts if archive.file == arguments.archive]
    if not wanted:
        raise UserError(f"{study.sources}: no archive {arguments.archive} for the datasets of {arguments.study}")
    return wanted[:1]
