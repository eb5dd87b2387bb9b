"""The empirical robustness score against the radius."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.threat_lines import draw_threat
from robust_dml.report.threats import threats_file, wants

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def caption(study: Study) -> str:
    """Return what is drawn."""
    return (
        "Empirical robustness score (of 100) against the radius ε of the ranking attacks, or at the only one. Line or"
        " mark: mean over seeds; band or bar: from the lowest to the highest seed. Higher is safer, but a model whose"
        " embeddings collapse scores high too: read it beside clean recall@1 and the flag in the table."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    return draw_threat(numbers, "ranking", x="ε (pixels in [0, 1])", y="ERS")


ENTRY = FigureRecord(
    title="Ranking attacks", order=220, wanted=wants("ranking"), sources=threats_file, caption=caption, draw=draw
)
