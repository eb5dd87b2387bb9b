"""Recall@1 under common corruptions and edits, against their severity."""

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
        "R@1 of edited queries against a clean gallery, mean over the edits, against their severity (0 is unedited)."
        " Line: mean over seeds; band: the widest 95 % interval over queries, clustered by class."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    return draw_threat(numbers, "edits", x="severity", y="R@1 (%)", top=102)


ENTRY = FigureRecord(
    title="Common corruptions and edits",
    order=210,
    wanted=wants("edits"),
    sources=threats_file,
    caption=caption,
    draw=draw,
)
