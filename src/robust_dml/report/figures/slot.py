"""Which member of the triplet is perturbed in training: R@1 clean and under the headline attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.config.evaluation import CLEAN
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import Panel, group_panels
from robust_dml.report.figures.style import Mark, marks
from robust_dml.report.labels import result_label
from robust_dml.report.seeds import Seeds, mean
from robust_dml.report.selection import headline, measured_groups
from robust_dml.report.slots import slot_rows
from robust_dml.report.sources import result_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY = "#5c5c5c"


def caption(study: Study) -> str:
    """Return what a dot, a bar and a line are."""
    return (
        "R@1 by the member of the triplet that the training perturbs, unperturbed (open) and under "
        f"{result_label(headline(study))} (filled); masked protocol. "
        "Large marks: mean over seeds; bars: its 95 % interval over queries, clustered by class; small dots: the seeds "
        "themselves; the line is what the attack costs."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss, a row per slot."""
    figure, panels = group_panels(numbers.study, height=1.5, sharex=True)
    for panel in panels:
        _draw(numbers, panel)
    key = panels[0].ax
    for face, label in (("white", "unperturbed"), (GREY, "attacked")):
        key.scatter([], [], s=40, facecolor=face, edgecolor=GREY, label=label)
    figure.legend(*key.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _draw(numbers: Numbers, panel: Panel) -> None:
    ax, rows = panel.ax, slot_rows(numbers.study, panel.group)
    for y, (_, training) in enumerate(rows):
        mark = marks(numbers.study)[training]
        model = panel.group.model(training)
        clean, attacked = numbers.seeds(model, CLEAN), numbers.seeds(model, headline(numbers.study))
        ends = [100 * value for value in (mean(clean), mean(attacked)) if value is not None]
        ax.plot(ends, [y] * len(ends), color=mark.color, linewidth=1.1, alpha=0.5, zorder=1)
        for at, seeds, face in ((CLEAN, clean, "white"), (headline(numbers.study), attacked, mark.color)):
            interval = numbers.interval(model, at)
            if interval:
                ax.plot(
                    [100 * interval.low, 100 * interval.high],
                    [y, y],
                    color=mark.color,
                    linewidth=3.2,
                    alpha=0.35,
                    solid_capstyle="butt",
                )
            _marks(ax, y, seeds, mark, face)
    ax.set(yticks=range(len(rows)), ylim=(len(rows) - 0.4, -0.6), xlim=(-2, 102), xlabel="R@1 (%)")
    ax.set_yticklabels([label for label, _ in rows])
    ax.grid(axis="y", visible=False)


def _marks(ax: Axes, y: float, seeds: Seeds, mark: Mark, face: str) -> None:
    percents = [100 * value for value in seeds.values()]
    ax.scatter(percents, [y + 0.26] * len(seeds), s=5, color=mark.color, alpha=0.7, linewidth=0)
    middle = mean(seeds)
    if middle is not None:
        ax.scatter([100 * middle], [y], s=40, marker=mark.marker, facecolor=face, edgecolor=mark.color, zorder=3)


ENTRY = FigureRecord(
    title="The perturbed slot",
    order=60,
    wanted=lambda study: any(slot_rows(study, group) for group in measured_groups(study)),
    sources=lambda study: result_files(study, [CLEAN, headline(study)]),
    caption=caption,
    draw=draw,
)
