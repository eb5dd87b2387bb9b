"""Recall@1 under one perturbation for all queries, against its radius."""

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
        "R@1 of queries under one perturbation for all of them, learned on images of other classes, against its"
        " radius ε (0 is clean). Line: mean over seeds; band: the widest 95 % interval over queries, clustered by"
        " class. Higher is safer."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    return draw_threat(numbers, "universal", x="ε (pixels in [0, 1])", y="R@1 (%)", top=102)


ENTRY = FigureRecord(
    title="Universal perturbation",
    order=206,
    wanted=wants("universal"),
    sources=threats_file,
    caption=caption,
    draw=draw,
)
