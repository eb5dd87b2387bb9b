"""How far the headline attack moves a query in the embedding: the share of queries that move at least so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import ModelName, Study
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import group_panels, legend
from robust_dml.report.figures.style import Mark, marks
from robust_dml.report.labels import result_label
from robust_dml.report.result_files import AttackResult
from robust_dml.report.selection import headline, trainings_of
from robust_dml.report.sources import headline_files
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLACES = 201


def caption(study: Study) -> str:
    """Return what is counted, over what."""
    return (
        "Share of the queries whose embedding moves at least the given Euclidean distance under "
        f"{result_label(headline(study))}; queries of all seeds together. Embeddings lie on the unit sphere, so "
        "2 is the largest possible shift. A small shift alone is no robustness: where classes lie close together, "
        "little suffices."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss, a line per training."""
    figure, panels = group_panels(numbers.study, sharey=True, sharex=True)
    looks, found = marks(numbers.study), False
    for panel in panels:
        for training in trainings_of(numbers.study, panel.group):
            results = _results(numbers, panel.group.model(training))
            found = found or bool(results)
            _line(panel.ax, _shifts(results), training, looks[training])
        panel.ax.set(xlim=(0, 2), ylim=(-2, 102), xlabel="shift of the embedding")
        panel.ax.set_ylabel("queries that move\nat least so far (%)" if panel.first else "")
    if not found:
        raise UserError(f"{numbers.study.name}: no attack results for this figure; run snakemake on this study first")
    legend(figure, numbers.study)
    return figure


def _line(ax: Axes, shifts: list[float], name: str, mark: Mark) -> None:
    import numpy as np

    start = 4 * len(ax.lines)
    if shifts:
        places = np.linspace(0, 2, PLACES)
        share = 100 * (1 - np.searchsorted(np.sort(shifts), places) / len(shifts))
        ax.plot(
            places, share, color=mark.color, linestyle=mark.line, marker=mark.marker, markevery=(start, 40), label=name
        )


def _results(numbers: Numbers, model: ModelName) -> list[AttackResult]:
    main = headline(numbers.study)
    return [result for run in numbers.results.runs(model) if (result := numbers.results.attack(run, main))]


def _shifts(results: list[AttackResult]) -> list[float]:
    return [shift for result in results for shift in result.queries.shift if shift is not None]


ENTRY = FigureRecord(title="Shift of the embedding", order=70, sources=headline_files, caption=caption, draw=draw)
