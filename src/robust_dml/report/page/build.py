"""Puts the page together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from robust_dml.records import FIGURES
from robust_dml.report.catalogue import figure_names
from robust_dml.report.cells import Numbers
from robust_dml.report.claims import Verdict
from robust_dml.report.finding import finding
from robust_dml.report.labels import result_label
from robust_dml.report.page.explorer import explorer
from robust_dml.report.page.images import file_uri
from robust_dml.report.page.runs import model_runs
from robust_dml.report.selection import headline
from robust_dml.report.table import Table
from robust_dml.report.templates import render
from robust_dml.report.verification import verifications
from robust_dml.runtime.errors import UserError

ANSWERS = ("supported", "not supported", "not resolved", "not tested")
LEADS = ("worst-case", "epsilon")
"""The figures of which the first one of a study stands beside its finding."""


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
    about = [verdict for verdict in verdicts if verdict.about(study.name)]
    counts = {answer: sum(verdict.answer == answer for verdict in about) for answer in ANSWERS}
    names = figure_names(study)
    lead = next((name for name in LEADS if name in names), None)
    found = verifications(numbers)
    return render(
        "page.html.j2",
        study=study,
        finding=finding(numbers),
        lead=_drawing(numbers, lead) if lead else None,
        attack=result_label(headline(study)),
        tables=tables,
        verifications=found,
        verified=[each for each in found if not each.reasons],
        verdicts=sorted(about, key=lambda verdict: verdict.answer == "not tested"),
        others=[verdict for verdict in verdicts if verdict not in about],
        counts={answer: count for answer, count in counts.items() if count},
        figures=[_drawing(numbers, name) for name in names if name != lead],
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
