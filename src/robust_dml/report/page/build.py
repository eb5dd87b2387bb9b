"""Puts the page together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from robust_dml.records import FIGURES
from robust_dml.report.catalogue import figure_names
from robust_dml.report.cells import Numbers
from robust_dml.report.claims import Verdict
from robust_dml.report.labels import result_label
from robust_dml.report.page.explorer import explorer
from robust_dml.report.page.images import file_uri
from robust_dml.report.page.runs import model_runs
from robust_dml.report.selection import headline
from robust_dml.report.table import Table
from robust_dml.report.templates import render
from robust_dml.runtime.errors import UserError

ANSWERS = ("supported", "not supported", "not tested")


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it; `uri` holds the PNG file."""

    name: str
    title: str
    caption: str
    uri: str


def build_page(numbers: Numbers, tables: Sequence[Table], verdicts: Sequence[Verdict]) -> str:
    """Return the page as HTML. Raises UserError if a figure has not been drawn yet."""
    study = numbers.study
    return render(
        "page.html.j2",
        study=study,
        attack=result_label(headline(study)),
        tables=tables,
        verdicts=sorted(verdicts, key=lambda verdict: verdict.answer == "not tested"),
        counts={answer: sum(verdict.answer == answer for verdict in verdicts) for answer in ANSWERS},
        figures=[_drawing(numbers, name) for name in figure_names(study)],
        explorer={dataset: asdict(view) for dataset, view in explorer(numbers).items()},
        runs=model_runs(numbers.results),
    )


def _drawing(numbers: Numbers, name: str) -> Drawing:
    record, path = FIGURES.load(name), numbers.results.folder / "figures" / f"{name}.png"
    return Drawing(name, record.title, record.caption(numbers.study), _drawn(path))


def _drawn(path: Path) -> str:
    if not path.exists():
        raise UserError(f"{path}: not drawn yet; run `robust-dml figures` or snakemake first")
    return file_uri(path)
