"""Certified recall@1 against the l2 radius, and recall@1 of the same smoothed model under PGD."""

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
        "Certified R@1 of the model under Gaussian noise, against the l2 radius of the perturbation of a query. Faint"
        " and dotted: R@1 of the same smoothed model under PGD, which cannot be below. Line: mean over seeds; band:"
        " the widest 95 % interval over queries, clustered by class. Higher is safer."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    x = "l2 radius (pixels in [0, 1])"
    return draw_threat(numbers, "certificate", x=x, y="R@1 (%)", top=102, beside="empirical")


ENTRY = FigureRecord(
    title="Certified recall",
    order=230,
    wanted=wants("certificate"),
    sources=threats_file,
    caption=caption,
    draw=draw,
)
