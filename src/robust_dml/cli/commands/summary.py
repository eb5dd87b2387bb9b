"""`robust-dml summary`: natural against robust, on the terminal."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the first table, natural against robust if the study has both, and where the rest lies."""
    from robust_dml.config import load_study
    from robust_dml.config.paths import results_folder
    from robust_dml.report.summary import summary

    study = load_study(arguments.study)
    folder = results_folder(study.name)
    print(f"\n{summary(study)}")
    print(f"figures  {folder / 'figures'}\ntables   {folder / 'tables'}")
    print(f"page     {folder / 'report.html'}  (open it in a browser)\n")
