"""R@1 against the epsilon of the headline attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.lines import Points, draw_lines
from robust_dml.report.figures.style import marks
from robust_dml.report.flags import Model
from robust_dml.report.labels import attack_label, threat_label
from robust_dml.report.metrics import mean
from robust_dml.report.selection import CLEAN, headline, measured_groups, results_of, trainings_of, worst_cases

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def caption(study: Study) -> str:
    """Attack, protocol, and what line and band are."""
    main = headline(study)
    threat = threat_label(study, main).replace(f"ε = {main.epsilon:g}", "growing ε")
    return (
        f"R@1 against the radius ε of the perturbation, {attack_label(main.attack)} ({threat}), masked protocol. "
        "Line: mean over seeds; band: lowest to highest seed. ε = 0 is the unperturbed query. "
        "A curve that does not fall to about zero at large ε tells of a weak attack."
        + (f" Open marks: the worst case over {', '.join(_members(study))}." if worst_cases(study) else "")
    )


def _members(study: Study) -> list[str]:
    return list(dict.fromkeys(name for result in worst_cases(study) for name in study.attacks[result.attack].members))


def draw(numbers: Numbers) -> Figure:
    """A panel per dataset and loss."""
    from matplotlib.ticker import MaxNLocator

    attack = headline(numbers.study).attack
    shown = [CLEAN, *sorted((r for r in results_of(numbers.study) if r.attack == attack), key=lambda r: r.epsilon)]

    def points(model: Model) -> Points:
        return [(result.epsilon, numbers.seeds(model, result)) for result in shown]

    figure = draw_lines(numbers, points, label="ε (pixels in [0, 1])")
    for ax, group in zip(figure.axes, measured_groups(numbers.study), strict=True):
        ax.xaxis.set_major_locator(MaxNLocator(5))
        _mark_worst_cases(numbers, ax, group)
    return figure


def _mark_worst_cases(numbers: Numbers, ax: Axes, group: tuple[str, str]) -> None:
    for training in trainings_of(numbers.study, *group):
        mark = marks(numbers.study)[training]
        for result in worst_cases(numbers.study):
            middle = mean(numbers.seeds((*group, training), result))
            if middle is not None:
                (point,) = ax.plot([result.epsilon], [100 * middle], color=mark.color, marker=mark.marker, zorder=3)
                point.set(markerfacecolor="white", linestyle="none")
