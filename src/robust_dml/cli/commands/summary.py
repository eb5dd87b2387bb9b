"""`robust-dml summary`: natural against robust, on the terminal."""

from __future__ import annotations

import argparse
import textwrap

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the first table, natural against robust if the study has both, and where the rest lies."""
    from robust_dml.config import load_study
    from robust_dml.report.catalogue import table_names
    from robust_dml.report.cells import Numbers
    from robust_dml.report.results import Results
    from robust_dml.report.tables import build_table
    from robust_dml.report.text import to_text

    study = load_study(arguments.study)
    results = Results(study)
    table = build_table(Numbers(results), table_names(study)[0])
    print(f"\n{study.title or study.name}\n\n{to_text(table)}\n")
    print(textwrap.fill(table.caption, width=110))
    print(f"\nfigures  {results.folder / 'figures'}\ntables   {results.folder / 'tables'}")
    print(f"page     {results.folder / 'report.html'}  (open it in a browser)\n")
