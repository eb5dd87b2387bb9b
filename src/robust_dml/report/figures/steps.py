"""R@1 against the number of steps of the attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.lines import BAND, draw_lines
from robust_dml.report.labels import NORMS, radius
from robust_dml.report.selection import headline, step_results
from robust_dml.report.sources import result_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def caption(study: Study) -> str:
    """Return attack, protocol, and what the curve should do."""
    attack, epsilon = step_results(study)[0].attack, headline(study).epsilon
    return (
        f"R@1 against the number of steps of {attack.record.label} ({NORMS[attack.norm]}, ε = {radius(epsilon)}), "
        f"masked protocol. {BAND} "
        "A curve that still falls at its right end would mean that more steps would break more queries."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss; steps on a logarithmic axis."""
    shown = step_results(numbers.study)
    figure = draw_lines(numbers, [(at.attack.steps, at) for at in shown], label="steps of the attack")
    steps = [at.attack.steps for at in shown]
    for ax in figure.axes:
        ax.set_xscale("log", base=2)
        ax.set_xticks(steps, [str(count) for count in steps])
        ax.minorticks_off()
    return figure


ENTRY = FigureRecord(
    title="R@1 against the steps of the attack",
    order=40,
    wanted=lambda study: len(step_results(study)) > 1,
    sources=lambda study: result_files(study, step_results(study)),
    caption=caption,
    draw=draw,
)
