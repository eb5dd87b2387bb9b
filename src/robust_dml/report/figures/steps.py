"""R@1 against the number of steps of the attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.lines import Points, draw_lines
from robust_dml.report.flags import Model
from robust_dml.report.labels import NORMS
from robust_dml.report.selection import headline, step_results

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def caption(study: Study) -> str:
    """Attack, protocol, and what the curve should do."""
    shown = step_results(study)
    attack = study.attacks[shown[0].attack]
    same = attack.optimiser.upper() if attack.optimiser in ("pgd", "apgd") else attack.optimiser
    return (
        f"R@1 against the number of steps of {same} ({NORMS[attack.norm]}, ε = {headline(study).epsilon:g}), "
        "masked protocol. Line: mean over seeds; band: lowest to highest seed. "
        "A curve that still falls at its right end would mean that more steps would break more queries."
    )


def draw(numbers: Numbers) -> Figure:
    """A panel per dataset and loss; steps on a logarithmic axis."""
    study, shown = numbers.study, step_results(numbers.study)

    def points(model: Model) -> Points:
        return [(study.attacks[result.attack].steps, numbers.seeds(model, result)) for result in shown]

    figure = draw_lines(numbers, points, label="steps of the attack")
    steps = [study.attacks[result.attack].steps for result in shown]
    for ax in figure.axes:
        ax.set_xscale("log", base=2)
        ax.set_xticks(steps, [str(count) for count in steps])
        ax.minorticks_off()
    return figure
