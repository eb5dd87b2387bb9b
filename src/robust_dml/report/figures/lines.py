"""R@1 against a quantity of the attack: a panel per dataset and loss, a line per training, a band for the seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from robust_dml.config import ModelName
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import group_panels, legend
from robust_dml.report.figures.style import Mark, marks
from robust_dml.report.seeds import Seeds, mean
from robust_dml.report.selection import models_in_panel
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = list[tuple[float, Seeds]]


def draw_lines(numbers: Numbers, points: Callable[[ModelName], Points], *, label: str) -> Figure:
    """Draw `points(model)`, pairs of the quantity and R@1 by seed, for every training of every panel."""
    figure, panels = group_panels(numbers.study, sharey=True, sharex=True)
    looks = marks(numbers.study)
    for panel in panels:
        for model in models_in_panel(numbers.study, panel.group):
            found = [(x, seeds) for x, seeds in points(model) if seeds]
            if found:
                _line(panel.ax, found, model.training, looks[model.training])
        panel.ax.set(ylim=(-2, 102), xlabel=label, ylabel="R@1 (%)" if panel.first else "")
    if not any(panel.ax.lines for panel in panels):
        raise UserError(f"{numbers.study.name}: no results for this figure; run snakemake on this study first")
    legend(figure, numbers.study)
    return figure


def _line(ax: Axes, points: Points, name: str, mark: Mark) -> None:
    x = [place for place, _ in points]
    middle = [100 * (mean(seeds) or 0.0) for _, seeds in points]
    low = [100 * min(seeds.values()) for _, seeds in points]
    high = [100 * max(seeds.values()) for _, seeds in points]
    ax.fill_between(x, low, high, color=mark.color, alpha=0.13, linewidth=0)
    ax.plot(x, middle, color=mark.color, linestyle=mark.line, marker=mark.marker, label=name, markeredgewidth=0)
