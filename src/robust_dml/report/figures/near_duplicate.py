"""The share of perturbed copies that evade near-duplicate detection, against the radius."""

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
        "Perturbed copies that a threshold on the distance of embeddings no longer finds near their own original,"
        " against the radius ε of the perturbation; the threshold is that of a stated rate of false alarms. Line:"
        " mean over seeds; band: the widest 95 % interval over images, clustered by class. Lower is safer."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    return draw_threat(numbers, "near-duplicate", x="ε (pixels in [0, 1])", y="copies that evade (%)")


ENTRY = FigureRecord(
    title="Evaded near-duplicate detection",
    order=204,
    wanted=wants("near-duplicate"),
    sources=threats_file,
    caption=caption,
    draw=draw,
)
