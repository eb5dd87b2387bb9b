"""One metric of a threat against its level: a panel per dataset and loss, a line per training.

Of a single level a line would be a heap of points: then every training has a row instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import group_panels, legend
from robust_dml.report.figures.style import marks
from robust_dml.report.labels import radius
from robust_dml.report.selection import measured_groups, models_in_panel, models_of
from robust_dml.report.threats import ThreatNumbers, ThreatRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from robust_dml.report.figures.style import Mark

ROW = 0.17
"""Inches: the height of a row of a single level."""


def draw_threat(numbers: Numbers, kind: str, *, x: str, y: str, top: float | None = None, beside: str = "") -> Figure:
    """Draw the curve of the first threat of a kind: mean over seeds, and the widest interval over queries as a band.

    The axis of percentages ends at `top`, or where the readings do. The setting `beside` is drawn faintly, dotted.
    """
    threats = ThreatNumbers(numbers.study)
    name = threats.names(kind)[0]
    levels = sorted({row.level for row in threats.of(name) if row.setting in threats.study.threats[name].record.curve})
    if len(levels) == 1:
        return draw_rows(threats, name, f"{y} at {x.partition(' ')[0]} = {radius(levels[0])}")
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
    panels[0].ax.set_xticks(levels, [f"{level:.3g}" for level in levels])
    panels[0].ax.set_ylim(0, top)  # shared, so after all panels are drawn
    legend(figure, numbers.study)
    return figure


def draw_rows(threats: ThreatNumbers, name: str, words: str) -> Figure:
    """Draw a single level: a row per training, the highest on top, with its mean and the widest interval as a bar."""
    curves = ((model, threats.curve(name, model)) for model in models_of(threats.study))
    found = {model: rows for model, rows in curves if rows}
    shown = {
        group: [model for model in models_in_panel(threats.study, group) if model in found]
        for group in measured_groups(threats.study)
    }
    figure, panels = group_panels(threats.study, height=ROW * max(map(len, shown.values())) + 0.8, sharex=True)
    looks = marks(threats.study)
    for panel in panels:
        models = sorted(shown[panel.group], key=lambda model: means(found[model])[1][0])
        for place, model in enumerate(models):
            middle, low, high = means(found[model])[1][0], *ends(found[model])
            look = looks[model.training]
            panel.ax.plot([low, high], [place, place], color=look.color, linewidth=2.4, alpha=0.35)
            panel.ax.plot(middle, place, color=look.color, marker=look.marker, markeredgewidth=0)
        panel.ax.set_yticks(range(len(models)), [model.training for model in models])
        panel.ax.set(xlabel=words)
    panels[0].ax.set_xlim(0, None)  # shared, so after all panels are drawn
    return figure


def draw_line(ax: Axes, rows: list[ThreatRow], name: str, mark: Mark) -> None:
    """Draw percentages against the levels: mean over seeds, and the widest interval over queries as a band."""
    levels, middle = means(rows)
    low, high = zip(*(ends([row for row in rows if row.level == level]) for level in levels), strict=True)
    ax.fill_between(levels, low, high, color=mark.color, alpha=0.13, linewidth=0)
    ax.plot(levels, middle, color=mark.color, linestyle=mark.line, marker=mark.marker, label=name, markeredgewidth=0)


def ends(rows: list[ThreatRow]) -> tuple[float, float]:
    """Return the lowest and the highest end of the seeds' intervals, in percent; their values where they have none."""
    low = min(row.value if row.low is None else row.low for row in rows)
    high = max(row.value if row.high is None else row.high for row in rows)
    return 100 * low, 100 * high


def means(rows: list[ThreatRow]) -> tuple[list[float], list[float]]:
    """Return the levels, ascending, and the mean percentage over seeds at each."""
    levels = sorted({row.level for row in rows})
    here = [[row.value for row in rows if row.level == level] for level in levels]
    return levels, [100 * sum(values) / len(values) for values in here]
