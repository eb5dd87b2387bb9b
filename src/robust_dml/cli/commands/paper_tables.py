"""`robust-dml paper-tables`: results/<study>/paper, tables and figures for a LaTeX paper."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study
from robust_dml.cli.report_arguments import add_reported, reported_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --reported FILE."""
    add_study(parser)
    add_reported(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the tables as LaTeX, the figures as PDF, and a document that shows them all."""
    from robust_dml.config import load_study
    from robust_dml.report.catalogue import figure_names
    from robust_dml.report.cells import Numbers
    from robust_dml.report.figures import draw, save
    from robust_dml.report.paper_tables import Source, latex_files
    from robust_dml.report.paper_values import beside_ours
    from robust_dml.report.results import Results
    from robust_dml.report.tables import build_tables
    from robust_dml.runtime.files import write_text

    study = load_study(arguments.study)
    results = Results(study)
    numbers = Numbers(results)
    tables = beside_ours(build_tables(numbers), reported_of(arguments), study)
    folder = results.folder / "paper"
    for name in figure_names(study):
        save(draw(numbers, name), [folder / "figures" / f"{name}.pdf"])
    for path, text in latex_files(study, Source(arguments.study, results.folder / "metrics.csv"), tables):
        write_text(folder / path, text)
    print(f"{folder / 'paper.tex'}: {len(tables)} tables and {len(figure_names(study))} figures")
