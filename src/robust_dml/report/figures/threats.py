"""Every threat on every model at a glance: a row of small pictures for each model, one for each threat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import ModelName, Study
from robust_dml.config.models import NO_LOSS
from robust_dml.config.threats import ThreatConfig
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import WIDTH, grid
from robust_dml.report.figures.style import marks
from robust_dml.report.figures.threat_lines import draw_line, means
from robust_dml.report.selection import models_of
from robust_dml.report.threats import ThreatNumbers, threats_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURE, ROW = 1.25, 0.85
"""Inches: the width and the height of a small picture."""
OTHERS = "#c9c9c4"


def caption(study: Study) -> str:
    """Return what is drawn."""

    def said(name: str, config: ThreatConfig) -> str:
        return f"{name}: {config.record.label}, {'higher' if config.record.higher_is_safer else 'lower'} is safer"

    what = "; ".join(said(name, config) for name, config in study.threats.items())
    return (
        "Each row is a model, each column a threat, each picture its number (in percent) against how strong it is; the"
        " figures below have the axes. Grey: the other models of the dataset. Line: mean over seeds; band: the widest"
        f" 95 % interval over queries. {what}."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a row per model and a column per threat; a column shares its axes."""
    study, threats = numbers.study, ThreatNumbers(numbers.study)
    models, names = models_of(study), list(study.threats)
    width = max(WIDTH, PICTURE * len(names))
    figure, lines = grid(len(models), len(names), height=ROW, width=width, sharex="col", sharey="col")
    for model, axes in zip(models, lines, strict=True):
        for name, ax in zip(names, axes, strict=True):
            _picture(ax, threats, name, model)
        axes[0].set_ylabel(_words(study, model), rotation=0, ha="right", va="center")
    for name, ax in zip(names, lines[0], strict=True):
        ax.set_ylim(0, 1.06 * ax.get_ylim()[1])  # of the whole column, so after all its pictures; marks are not cut
        safer = "higher" if study.threats[name].record.higher_is_safer else "lower"
        ax.set_title(f"{name}\n{safer} is safer", fontsize=7, fontweight="normal")
    return figure


def _picture(ax: Axes, threats: ThreatNumbers, name: str, model: ModelName) -> None:
    """Draw the curve of one model over those of the other models of its dataset."""
    others = [other for other in models_of(threats.study) if other.dataset == model.dataset and other != model]
    for rows in filter(None, (threats.curve(name, other) for other in others)):
        ax.plot(*means(rows), color=OTHERS, linewidth=0.8)
    rows = threats.curve(name, model)
    if rows:
        draw_line(ax, rows, model.training, marks(threats.study)[model.training])
        levels = means(rows)[0]
        ax.set_xticks([levels[0], levels[-1]], [f"{level:.2g}" for level in (levels[0], levels[-1])])
    ax.tick_params(labelsize=6)


def _words(study: Study, model: ModelName) -> str:
    """Return the name of a model, with its dataset and loss where the study has several."""
    dataset = [model.dataset] if len(study.datasets) > 1 else []
    loss = [model.loss] if model.loss != NO_LOSS and len({*study.losses} - {NO_LOSS}) > 1 else []
    return "\n".join([*dataset, *loss, model.training])


ENTRY = FigureRecord(
    title="Threats at a glance",
    order=195,
    wanted=lambda study: len({config.kind for config in study.threats.values()}) > 1,
    sources=threats_file,
    caption=caption,
    draw=draw,
)
