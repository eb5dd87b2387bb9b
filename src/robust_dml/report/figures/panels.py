"""A panel per dataset and loss, two beside one another, under one legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robust_dml.config import Study
from robust_dml.report.labels import group_label
from robust_dml.report.selection import Group, measured_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, NARROW = 6.9, 4.9
"""Inches: of two panels beside one another, and of a single one, whose text stays legible on a narrow screen."""


@dataclass(frozen=True)
class Panel:
    """The axes of one dataset and loss."""

    ax: Axes
    group: Group
    first: bool
    """Whether it is at the left edge."""


def grid(
    rows: int, columns: int, *, height: float, width: float = WIDTH, **options: Any
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure of rows x columns axes, `width` inches wide, each row `height` inches high."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width, rows * height + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, [list(line) for line in axes]


def group_panels(study: Study, *, height: float = 2.2, **options: Any) -> tuple[Figure, list[Panel]]:
    """Return titled axes for every dataset and loss that figures show, each row `height` inches high."""
    shown = measured_groups(study)
    columns = min(2, len(shown))
    width = WIDTH if columns > 1 else NARROW
    figure, lines = grid(-(-len(shown) // columns), columns, height=height, width=width, **options)
    axes = [ax for line in lines for ax in line]
    for ax in axes[len(shown) :]:
        ax.remove()
    panels = [Panel(ax, group, n % columns == 0) for n, (ax, group) in enumerate(zip(axes, shown, strict=False))]
    for panel in panels:
        panel.ax.set_title(group_label(panel.group), loc="left")
    return figure, panels


def legend(figure: Figure, study: Study) -> None:
    """Draw one legend above all axes, with each training that was drawn, in the order of the study."""
    found = [ax.get_legend_handles_labels() for ax in figure.axes]
    handles = {label: handle for pair in found for handle, label in zip(*pair, strict=True)}
    names = [name for name in study.trainings if name in handles]
    figure.legend([handles[name] for name in names], names, loc="outside upper center", ncols=4, handlelength=2.6)
