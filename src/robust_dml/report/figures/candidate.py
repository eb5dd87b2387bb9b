"""The rank of a promoted gallery image, against the radius of its perturbation."""

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
        "Share of the gallery that comes before a promoted candidate, for held-out queries of the class that it is"
        " promoted for, against the radius ε of its perturbation (0 is clean; a share of 0 is the first place). Line:"
        " mean over seeds; band: the widest 95 % interval over queries, clustered by class. Higher is safer."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    return draw_threat(numbers, "candidate", x="ε (pixels in [0, 1])", y="gallery before it (%)")


ENTRY = FigureRecord(
    title="Promoted candidates",
    order=202,
    wanted=wants("candidate"),
    sources=threats_file,
    caption=caption,
    draw=draw,
)
