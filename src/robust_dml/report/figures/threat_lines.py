"""Curves of one metric of a threat against its level: a panel per dataset and loss, a line per training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import group_panels, legend
from robust_dml.report.figures.style import marks
from robust_dml.report.selection import models_in_panel
from robust_dml.report.threats import ThreatNumbers, ThreatRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from robust_dml.report.figures.style import Mark


def draw_threat(numbers: Numbers, kind: str, *, x: str, y: str, top: float | None = None, beside: str = "") -> Figure:
    """Draw the curve of the first threat of a kind: mean over seeds, and the widest interval over queries as a band.

    The axis of percentages ends at `top`, or where the readings do. The setting `beside` is drawn faintly, dotted.
    """
    threats = ThreatNumbers(numbers.study)
    name = threats.names(kind)[0]
    figure, panels = group_panels(numbers.study, sharey=True, sharex=True)
    looks = marks(numbers.study)
    for panel in panels:
        for model in models_in_panel(numbers.study, panel.group):
            rows = threats.curve(name, model)
            if rows:
                draw_line(panel.ax, rows, model.training, looks[model.training])
            if beside:
                panel.ax.plot(
                    *means(threats.curve(name, model, beside)),
                    color=looks[model.training].color,
                    linestyle=":",
                    alpha=0.6,
                )
        panel.ax.set(xlabel=x, ylabel=y if panel.first else "")
    levels = sorted({row.level for row in threats.of(name) if row.setting in threats.study.threats[name].record.curve})
    panels[0].ax.set_xticks(levels, [f"{level:.3g}" for level in levels])
    panels[0].ax.set_ylim(0, top)  # shared, so after all panels are drawn
    legend(figure, numbers.study)
    return figure


def draw_line(ax: Axes, rows: list[ThreatRow], name: str, mark: Mark) -> None:
    """Draw percentages against the levels: mean over seeds, and the widest interval over queries as a band."""
    levels, middle = means(rows)
    here = [[row for row in rows if row.level == level] for level in levels]
    low = [100 * min(row.value if row.low is None else row.low for row in at) for at in here]
    high = [100 * max(row.value if row.high is None else row.high for row in at) for at in here]
    ax.fill_between(levels, low, high, color=mark.color, alpha=0.13, linewidth=0)
    ax.plot(levels, middle, color=mark.color, linestyle=mark.line, marker=mark.marker, label=name, markeredgewidth=0)


def means(rows: list[ThreatRow]) -> tuple[list[float], list[float]]:
    """Return the levels, ascending, and the mean percentage over seeds at each."""
    levels = sorted({row.level for row in rows})
    here = [[row.value for row in rows if row.level == level] for level in levels]
    return levels, [100 * sum(values) / len(values) for values in here]
