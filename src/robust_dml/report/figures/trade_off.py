"""R@1 in the worst case against clean R@1: a point for each training, with both intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from robust_dml.config import Study
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import Panel, group_panels
from robust_dml.report.figures.style import NATURAL, OTHERS, Mark
from robust_dml.report.labels import result_label
from robust_dml.report.selection import has_many_rivals, headline, models_in_panel
from robust_dml.report.sources import result_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 0.05  # between the names, as a share of the height


class Point(NamedTuple):
    """Where a training stands, in percent, with the ends of its intervals."""

    name: str
    clean: tuple[float, float, float]
    attacked: tuple[float, float, float]


def caption(study: Study) -> str:
    """Return attack, protocol, and what the bars are."""
    return (
        f"R@1 under {result_label(headline(study))} against R@1 without an attack, a point for each training and each"
        " model that is not trained, mean over seeds; bars: 95 % intervals over queries, clustered by class. Up and to"
        " the right is better. Black: natural training; blue squares: the paper's robust training; orange triangles:"
        " other trainings; green diamonds: no training."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a panel per dataset and loss."""
    figure, panels = group_panels(numbers.study, height=4.2)
    for panel in panels:
        points = points_of(numbers, panel, headline(numbers.study))
        for point in points:
            _point(panel.ax, point, _mark(numbers.study, point.name))
        _names(panel.ax, points)
        panel.ax.set(xlabel="R@1 clean (%)", ylabel="R@1 attacked (%)" if panel.first else "")
    return figure


def points_of(numbers: Numbers, panel: Panel, at: AttackAt) -> list[Point]:
    """Return the models of a panel that were measured, from the lowest to the highest attacked R@1."""
    found = []
    for model in models_in_panel(numbers.study, panel.group):
        intervals = [numbers.interval(model, where) for where in (CLEAN, at)]
        ends = [(100 * i.estimate, 100 * i.low, 100 * i.high) for i in intervals if i is not None]
        if len(ends) == 2:
            found.append(Point(model.training, *ends))
    return sorted(found, key=lambda point: point.attacked[0])


def _mark(study: Study, name: str) -> Mark:
    known = {"natural": NATURAL, "robust": OTHERS[0], "rival": OTHERS[1], "reference": OTHERS[2]}
    return known[study.trainings[name].record.family]


def _point(ax: Axes, point: Point, mark: Mark) -> None:
    (x, left, right), (y, low, high) = point.clean, point.attacked
    ax.errorbar(
        x,
        y,
        xerr=[[x - left], [right - x]],
        yerr=[[y - low], [high - y]],
        color=mark.color,
        marker=mark.marker,
        linewidth=0.6,
        markeredgewidth=0,
        label=point.name,
    )


def _names(ax: Axes, points: list[Point]) -> None:
    """Write the names in a column at the right, in the order of the points, each with a line to its own."""
    low, high = ax.get_ylim()
    heights = spread([(point.attacked[0] - low) / (high - low) for point in points])
    for point, height in zip(points, heights, strict=True):
        ax.annotate(
            point.name,
            xy=(point.clean[0], point.attacked[0]),
            xytext=(1.03, height),
            textcoords="axes fraction",
            fontsize=6.5,
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "linewidth": 0.3,
                "color": "#9a9a96",
                "shrinkA": 0,
                "shrinkB": 2,
                "relpos": (0, 0.5),
            },
        )


def spread(heights: list[float]) -> list[float]:
    """Return ascending heights in [0, 1] moved apart, by GAP or, for many, by as much as there is room for."""
    gap = min(GAP, 1 / max(1, len(heights) - 1))
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + gap) if found else height)
    top = 1.0
    for place in reversed(range(len(found))):
        found[place] = min(found[place], top)
        top = found[place] - gap
    return found


ENTRY = FigureRecord(
    title="Clean and worst case",
    order=6,
    wanted=has_many_rivals,
    sources=lambda study: result_files(study, [CLEAN, headline(study)]),
    caption=caption,
    draw=draw,
)
