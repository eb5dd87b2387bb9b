"""R@1 against a quantity of the attack: a panel per dataset and loss, a line per training, a band for the interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robust_dml.config import ModelName
from robust_dml.config.evaluation import AttackAt
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import group_panels, legend
from robust_dml.report.figures.style import Mark, marks
from robust_dml.report.selection import models_in_panel
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND = "Line: mean over seeds; band: its 95 % interval over queries, clustered by class; dots: the seeds."
Places = Sequence[tuple[float, AttackAt]]


def draw_lines(numbers: Numbers, places: Places, *, label: str, height: float = 2.2) -> Figure:
    """Draw R@1 under each attack at its place on the axis `label`, for every model of every panel."""
    figure, panels = group_panels(numbers.study, height=height, sharey=True, sharex=True)
    looks = marks(numbers.study)
    for panel in panels:
        for model in models_in_panel(numbers.study, panel.group):
            _line(panel.ax, numbers, model, places, looks[model.training])
        panel.ax.set(ylim=(-2, 102), xlabel=label, ylabel="R@1 (%)" if panel.first else "")
    if not any(panel.ax.lines for panel in panels):
        raise UserError(f"{numbers.study.name}: no results for this figure; run snakemake on this study first")
    legend(figure, numbers.study)
    return figure


def _line(ax: Axes, numbers: Numbers, model: ModelName, places: Places, mark: Mark) -> None:
    found = [(x, at, seeds) for x, at in places if (seeds := numbers.seeds(model, at))]
    if not found:
        return
    x = [place for place, _, _ in found]
    intervals = [numbers.interval(model, at) for _, at, _ in found]
    middle = [100 * sum(seeds.values()) / len(seeds) for _, _, seeds in found]
    low = [100 * each.low if each else y for each, y in zip(intervals, middle, strict=True)]
    high = [100 * each.high if each else y for each, y in zip(intervals, middle, strict=True)]
    ax.fill_between(x, low, high, color=mark.color, alpha=0.16, linewidth=0)
    ax.plot(
        x, middle, color=mark.color, linestyle=mark.line, marker=mark.marker, label=model.training, markeredgewidth=0
    )
    for place, _, seeds in found:
        dots = [100 * value for value in seeds.values()] if len(seeds) > 1 else []
        ax.scatter([place] * len(dots), dots, s=3, color=mark.color, alpha=0.55, linewidth=0, zorder=3)
