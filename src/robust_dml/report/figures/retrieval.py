"""A query, its nearest neighbour, the perturbed query and its nearest neighbour, after natural and robust training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from robust_dml.config import Study
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.examples import Examples
from robust_dml.report.figures.panels import WIDTH
from robust_dml.report.figures.style import RIGHT, WRONG
from robust_dml.report.labels import result_label
from robust_dml.report.selection import Group, groups, has_pair, headline, natural, photographs, robust
from robust_dml.report.sources import example_files
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("nn(x)", "x + δ", "nn(x + δ)")


class Pair(NamedTuple):
    """The kept queries of the natural and of the robust model of a dataset and loss."""

    natural: Examples
    robust: Examples

    @property
    def shared(self) -> list[int]:
        """The ids of the queries that both kept."""
        return [query for query in self.natural.ids if query in self.robust.ids]

    def contrast(self, query: int) -> int:
        """Return how well a query shows that robust training keeps under attack what natural training loses."""
        natural, robust = self
        return (
            natural.right(query, attacked=False)
            + robust.right(query, attacked=False)
            + 2 * (not natural.right(query, attacked=True))
            + 2 * robust.right(query, attacked=True)
        )


@dataclass(frozen=True)
class Line:
    """One row of the grid: a query under the natural and the robust model of a dataset and loss."""

    group: Group
    query: int
    pair: Pair


def caption(study: Study) -> str:
    """Return what was chosen, and that it was chosen."""
    return (
        f"A query x, its nearest neighbour nn, the query under {result_label(headline(study))}, "
        "and the neighbour then. Green, solid, ✓: the right class; red, dashed, ✗: a wrong one. "
        "The queries are chosen among the kept examples to show the effect, as many natural failures and robust "
        "successes as can be; how often it occurs is in the tables."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a row per chosen query and loss."""
    from matplotlib.figure import Figure as NewFigure

    lines = _lines(numbers)
    if not lines:
        raise UserError(f"{numbers.study.name}: no examples.npz of a natural and a robust model; run snakemake first")
    side = WIDTH / 8.4
    figure = NewFigure(figsize=(WIDTH, side * 1.12 * len(lines) + 0.45))
    widths = [1, 0.28, 1, 1, 1, 0.28, 1, 1, 1]
    axes = figure.subplots(len(lines), len(widths), squeeze=False, gridspec_kw={"width_ratios": widths, "wspace": 0.12})
    for cells, line in zip(axes, lines, strict=True):
        _draw_line(list(cells), line)
    _head(list(axes[0]), lines[0].pair)
    return figure


def paired_groups(study: Study) -> list[Group]:
    """Return the groups of photographs that have both a natural and a robust model."""
    return [group for group in groups(study) if group.dataset in photographs(study) and has_pair(study, group)]


def _lines(numbers: Numbers) -> list[Line]:
    datasets = list(dict.fromkeys(group.dataset for group in paired_groups(numbers.study)))
    each = 2 if len(datasets) == 1 else 1
    lines = []
    for dataset in datasets:
        pairs = _pairs(numbers, dataset)
        for query in _chosen(list(pairs.values()), each):
            lines += [Line(group, query, pair) for group, pair in pairs.items() if query in pair.shared]
    return lines


def _pairs(numbers: Numbers, dataset: str) -> dict[Group, Pair]:
    pairs = {}
    for group in (group for group in paired_groups(numbers.study) if group.dataset == dataset):
        names = natural(numbers.study, group), robust(numbers.study, group)
        before, after = (numbers.results.examples(group.model(name)) if name else None for name in names)
        if before and after:
            pairs[group] = Pair(before, after)
    return pairs


def _chosen(pairs: list[Pair], count: int) -> list[int]:
    """Return queries of different classes that show the effect best, summed over the losses."""
    scores: dict[int, int] = {}
    labels: dict[int, int] = {}
    for pair in pairs:
        for query in pair.shared:
            scores[query] = scores.get(query, 0) + pair.contrast(query)
            labels.setdefault(query, pair.natural.label_of(query))
    classes: dict[int, int] = {}
    for query in sorted(scores, key=lambda query: (-scores[query], query)):
        classes.setdefault(labels[query], query)
    return list(classes.values())[:count]


def _draw_line(axes: list[Axes], line: Line) -> None:
    for ax in axes:
        ax.set_axis_off()
    _show(axes[0], line.pair.natural.clean_image(line.query))
    name = f"{line.group.dataset}\n{line.group.loss}"
    axes[0].text(-0.14, 0.5, name, transform=axes[0].transAxes, rotation=90, va="center", ha="right", fontsize=7)
    for start, examples in ((2, line.pair.natural), (6, line.pair.robust)):
        _show(axes[start + 1], examples.adversarial_image(line.query))
        for ax, attacked in ((axes[start], False), (axes[start + 2], True)):
            _show(ax, examples.neighbour_image(examples.neighbours(line.query, attacked=attacked)[0]))
            _frame(ax, examples.right(line.query, attacked=attacked))


def _frame(ax: Axes, right: bool) -> None:
    from matplotlib.patches import Rectangle

    color, line = (RIGHT, "-") if right else (WRONG, (0, (3, 1.5)))
    frame = Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, edgecolor=color, linestyle=line)
    frame.set(linewidth=2.4, clip_on=False)
    ax.add_patch(frame)
    sign = ax.text(0.95, 0.93, "✓" if right else "✗", transform=ax.transAxes, ha="right", va="top", color=color)
    sign.set(fontsize=9, weight="bold", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})


def _head(axes: list[Axes], pair: Pair) -> None:
    axes[0].set_title("x")
    for start, name in ((2, pair.natural.model.training), (6, pair.robust.model.training)):
        for ax, text in zip(axes[start : start + 3], COLUMNS, strict=True):
            ax.set_title(text, weight="normal")
        middle = axes[start + 1]
        middle.text(0.5, 1.3, name, transform=middle.transAxes, ha="center", va="bottom", weight="bold")


def _show(ax: Axes, image: np.ndarray) -> None:
    ax.imshow(image, vmin=0, vmax=1, interpolation="nearest")


def _sources(study: Study) -> list[Path]:
    return example_files(study, {group.dataset for group in paired_groups(study)})


ENTRY = FigureRecord(
    title="Queries and their nearest neighbours",
    order=10,
    wanted=lambda study: study.report.examples > 0 and bool(paired_groups(study)),
    sources=_sources,
    caption=caption,
    draw=draw,
)
