"""The share of queries that the best adversarial hub captures, against its radius."""

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
        "Held-out queries of other classes whose nearest neighbour is one perturbed gallery image, against the radius ε"
        " of its perturbation; the image is the best candidate on the attacker's own queries. Line: mean over seeds;"
        " band: the widest 95 % interval over queries, clustered by class. Lower is safer."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    return draw_threat(numbers, "hub", x="ε (pixels in [0, 1])", y="captured queries (%)")


ENTRY = FigureRecord(
    title="Adversarial hubs", order=200, wanted=wants("hub"), sources=threats_file, caption=caption, draw=draw
)
