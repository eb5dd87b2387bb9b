"""R@1 against the epsilon of the headline attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.report.figures.lines import Points, draw_lines
from robust_dml.report.labels import attack_label, threat_label
from robust_dml.report.numbers import Numbers
from robust_dml.report.roles import CLEAN, headline, results_of
from robust_dml.report.sanity import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def caption(study: Study) -> str:
    """Attack, protocol, and what line and band are."""
    main = headline(study)
    threat = threat_label(study, main).replace(f"ε = {main.epsilon:g}", "growing ε")
    return (
        f"R@1 against the radius ε of the perturbation, {attack_label(main.attack)} ({threat}), masked protocol. "
        "Line: mean over seeds; band: lowest to highest seed. ε = 0 is the unperturbed query. "
        "A curve that does not fall to about zero at large ε would tell of a weak attack."
    )


def draw(numbers: Numbers) -> Figure:
    """A panel per dataset and loss."""
    from matplotlib.ticker import MaxNLocator

    attack = headline(numbers.study).attack
    shown = [CLEAN, *sorted((r for r in results_of(numbers.study) if r.attack == attack), key=lambda r: r.epsilon)]

    def points(model: Model) -> Points:
        return [(result.epsilon, numbers.seeds(model, result)) for result in shown]

    figure = draw_lines(numbers, points, label="ε (pixels in [0, 1])")
    for ax in figure.axes:
        ax.xaxis.set_major_locator(MaxNLocator(5))
    return figure
