"""R@1 against the epsilon of the headline attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.lines import BAND, draw_lines
from robust_dml.report.figures.style import marks
from robust_dml.report.labels import attack_label, radius, threat_label
from robust_dml.report.seeds import mean
from robust_dml.report.selection import Group, headline, is_standard, measured_groups, models_in_panel, worst_cases
from robust_dml.report.sources import result_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def caption(study: Study) -> str:
    """Return attack, protocol, and what line and band are."""
    main = headline(study)
    threat = threat_label(main).replace(f"ε = {radius(main.epsilon)}", "growing ε")
    return (
        f"R@1 against the radius ε of the perturbation, {attack_label(main)} ({threat}), masked protocol. "
        f"{BAND} ε = 0 is the unperturbed query. "
        "A curve that does not fall to about zero at large ε is a sign of a weak attack."
        + (f" Open marks: {', '.join(at.name for at in worst_cases(study))}." if worst_cases(study) else "")
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    from matplotlib.ticker import MaxNLocator

    places = [(at.epsilon, at) for at in (CLEAN, *_radii(numbers.study))]
    figure = draw_lines(numbers, places, label="ε (pixels in [0, 1])")
    for ax, group in zip(figure.axes, measured_groups(numbers.study), strict=True):
        ax.xaxis.set_major_locator(MaxNLocator(5))
        _mark_worst_cases(numbers, ax, group)
    return figure


def _radii(study: Study) -> list[AttackAt]:
    name = headline(study).name
    return sorted((at for at in attacks_of(study) if at.name == name), key=lambda at: at.epsilon)


def _mark_worst_cases(numbers: Numbers, ax: Axes, group: Group) -> None:
    for model in models_in_panel(numbers.study, group):
        mark = marks(numbers.study)[model.training]
        for at in worst_cases(numbers.study):
            middle = mean(numbers.seeds(model, at))
            if middle is not None:
                (point,) = ax.plot([at.epsilon], [100 * middle], color=mark.color, marker=mark.marker, zorder=3)
                point.set(markerfacecolor="white", linestyle="none")


ENTRY = FigureRecord(
    title="R@1 against ε",
    order=30,
    wanted=lambda study: len(_radii(study)) > 1 and not is_standard(headline(study)),
    sources=lambda study: result_files(study, [CLEAN, *_radii(study)]),
    caption=caption,
    draw=draw,
)
