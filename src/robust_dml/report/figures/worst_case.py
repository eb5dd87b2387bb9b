"""The curve of the worst case: R@1 against epsilon, with every training and every model that is not trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.config.evaluation import CLEAN
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.lines import BAND, draw_lines
from robust_dml.report.labels import NORMS, radius
from robust_dml.report.selection import curve, headline, is_standard
from robust_dml.report.sources import result_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def caption(study: Study) -> str:
    """Return attack, protocol, and what line and band are."""
    at = curve(study)[0]
    what = f"of the protocol {at.name}" if is_standard(at) else f"over {', '.join(at.attack.members)}"
    return (
        f"R@1 in the worst case {what} ({NORMS[at.attack.norm]}) against the radius ε of the perturbation; "
        f"ε = 0 is no attack. {BAND}"
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    places = [(at.epsilon, at) for at in (CLEAN, *curve(numbers.study))]
    figure = draw_lines(numbers, places, label="ε (pixels in [0, 1])", height=2.7)
    for ax in figure.axes:
        ax.set_xticks([x for x, _ in places], [radius(x) for x, _ in places])
    return figure


def _wanted(study: Study) -> bool:
    """Return whether the curve is more than that of the headline, which has a figure of its own."""
    found = curve(study)
    return is_standard(found[0]) or (len(found) > 1 and found[0].name != headline(study).name)


ENTRY = FigureRecord(
    title="The worst case",
    order=5,
    wanted=_wanted,
    sources=lambda study: result_files(study, [CLEAN, *curve(study)]),
    caption=caption,
    draw=draw,
)
