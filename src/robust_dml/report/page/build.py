"""Puts the page together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robust_dml.report.catalogue import figure_names
from robust_dml.report.cells import Numbers
from robust_dml.report.claims import Verdict
from robust_dml.report.figures import caption
from robust_dml.report.labels import FIGURES, result_label
from robust_dml.report.page.explorer import explorer
from robust_dml.report.page.images import file_uri
from robust_dml.report.page.runs import model_runs
from robust_dml.report.selection import headline
from robust_dml.report.table import Table
from robust_dml.report.templates import render
from robust_dml.runtime.errors import UserError

ANSWERS = ("supported", "not supported", "not tested")


def build_page(numbers: Numbers, tables: Sequence[Table], verdicts: Sequence[Verdict]) -> str:
    """The page as HTML. Raises UserError where a figure has not been drawn yet."""
    study = numbers.study
    return render(
        "page.html.j2",
        study=study,
        attack=result_label(study, headline(study)),
        tables=tables,
        verdicts=sorted(verdicts, key=lambda verdict: verdict.answer == "not tested"),
        counts={answer: sum(verdict.answer == answer for verdict in verdicts) for answer in ANSWERS},
        figures=[_figure(numbers, name) for name in figure_names(study)],
        explorer=explorer(numbers),
        runs=model_runs(numbers.results),
    )


def _figure(numbers: Numbers, name: str) -> dict[str, Any]:
    path = numbers.results.folder / "figures" / f"{name}.png"
    return {"name": name, "title": FIGURES[name], "caption": caption(numbers.study, name), "uri": _drawn(path)}


def _drawn(path: Path) -> str:
    if not path.exists():
        raise UserError(f"{path}: not drawn yet; run `robust-dml figures` or snakemake first")
    return file_uri(path)
