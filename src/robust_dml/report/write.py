"""Write the report of a study: tables, figures, page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.config.paths import results_folder
from robust_dml.report.catalogue import figure_files, figure_names
from robust_dml.report.cells import Numbers
from robust_dml.report.claims import judge
from robust_dml.report.page import build_page
from robust_dml.report.paper_values import beside_ours
from robust_dml.report.renderers import FORMATS
from robust_dml.report.results import Results
from robust_dml.report.tables import build_tables
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import write_text
from robust_dml.runtime.progress import say
from robust_dml.runtime.suggestion import did_you_mean

if TYPE_CHECKING:
    from robust_dml.report.claims import Claim
    from robust_dml.report.paper_values import Reported


def write_tables(study: Study, reported: Sequence[Reported]) -> None:
    """Write every table in every format, with values that the paper prints beside ours."""
    tables = beside_ours(build_tables(Numbers(Results(study))), list(reported), study)
    folder = results_folder(study.name) / "tables"
    for table in tables:
        for suffix, text_of in FORMATS.items():
            write_text(folder / f"{table.name}.{suffix}", text_of(table))
    say(f"{len(tables)} tables in {folder}")


def write_figures(study: Study, only: str | None = None) -> None:
    """Draw the figures as PDF and PNG. Raises UserError if the study has no figure `only`."""
    from robust_dml.report.figures import draw, save  # matplotlib

    names = figure_names(study)
    if only and only not in names:
        meant = did_you_mean(only, names)
        raise UserError(f"{study.name}: has no figure {only}{meant}; it has {', '.join(names)}")
    numbers = Numbers(Results(study))
    for name in [only] if only else names:
        save(draw(numbers, name), figure_files(study, name))
        say(f"figure {name}: {figure_files(study, name)[-1]}")


def write_page(study: Study, claims: Sequence[Claim], reported: Sequence[Reported]) -> None:
    """Write the page; the figures must have been drawn."""
    numbers = Numbers(Results(study))
    tables = beside_ours(build_tables(numbers), list(reported), study)
    text = build_page(numbers, tables, [judge(claim, numbers) for claim in claims])
    path = results_folder(study.name) / "report.html"
    write_text(path, text)
    say(f"{path}: {len(text.encode()) / 1e6:.1f} MB, opens in any browser")
