"""A query, its nearest neighbour, the perturbed query and its nearest neighbour, after natural and robust training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.report.catalogue import photographs
from robust_dml.report.cells import Numbers
from robust_dml.report.examples import Examples, read_examples
from robust_dml.report.figures.panels import WIDTH
from robust_dml.report.figures.style import RIGHT, WRONG
from robust_dml.report.labels import result_label
from robust_dml.report.selection import groups, headline, natural, robust
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("nn(x)", "x + δ", "nn(x + δ)")


@dataclass(frozen=True)
class Line:
    """One row of the grid: a query under the natural and the robust model of a dataset and loss."""

    dataset: str
    loss: str
    query: int
    natural: Examples
    robust: Examples


def caption(study: Study) -> str:
    """What was chosen, and that it was chosen."""
    return (
        f"A query x, its nearest neighbour nn, the query under {result_label(study, headline(study))}, "
        "and the neighbour then. Green, solid, ✓: the right class; red, dashed, ✗: a wrong one. "
        "The queries are chosen among the kept examples to show the effect, as many natural failures and robust "
        "successes as can be; how often it occurs is in the tables."
    )


def draw(numbers: Numbers) -> Figure:
    """A row per chosen query and loss."""
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
    _head(numbers.study, list(axes[0]), lines[0])
    return figure


def _lines(numbers: Numbers) -> list[Line]:
    study, lines = numbers.study, []
    each = 2 if len(photographs(study)) == 1 else 1
    for dataset in photographs(study):
        pairs = _pairs(numbers, dataset)
        for query in _chosen(pairs, each):
            lines += [Line(dataset, loss, query, *pair) for loss, pair in pairs.items() if _kept(pair, query)]
    return lines


def _pairs(numbers: Numbers, dataset: str) -> dict[str, tuple[Examples, Examples]]:
    pairs = {}
    for _, loss in (group for group in groups(numbers.study) if group[0] == dataset):
        names = natural(numbers.study, dataset, loss), robust(numbers.study, dataset, loss)
        found = [read_examples(numbers.results, (dataset, loss, name)) for name in names if name]
        if len(found) == 2 and found[0] and found[1]:
            pairs[loss] = (found[0], found[1])
    return pairs


def _kept(pair: tuple[Examples, Examples], query: int) -> bool:
    return all(query in examples.ids for examples in pair)


def _chosen(pairs: dict[str, tuple[Examples, Examples]], count: int) -> list[int]:
    """Queries of different classes that natural training loses and robust training keeps, under most losses."""

    def shows(query: int) -> int:
        return sum(
            natural.right(query, attacked=False)
            + robust.right(query, attacked=False)
            + 2 * (not natural.right(query, attacked=True))
            + 2 * robust.right(query, attacked=True)
            for natural, robust in pairs.values()
            if _kept((natural, robust), query)
        )

    labels = {q: pair[0].label(q) for pair in pairs.values() for q in pair[0].ids if _kept(pair, q)}
    classes: dict[int, int] = {}
    for query in sorted(labels, key=lambda query: (-shows(query), query)):
        classes.setdefault(labels[query], query)
    return list(classes.values())[:count]


def _draw_line(axes: list[Axes], line: Line) -> None:
    for ax in axes:
        ax.set_axis_off()
    _show(axes[0], line.natural.clean(line.query))
    name = f"{line.dataset}\n{line.loss}"
    axes[0].text(-0.14, 0.5, name, transform=axes[0].transAxes, rotation=90, va="center", ha="right", fontsize=7)
    for start, examples in ((2, line.natural), (6, line.robust)):
        _show(axes[start + 1], examples.adversarial(line.query))
        for ax, attacked in ((axes[start], False), (axes[start + 2], True)):
            _show(ax, examples.image(examples.neighbours(line.query, attacked=attacked)[0]))
            _frame(ax, examples.right(line.query, attacked=attacked))


def _frame(ax: Axes, right: bool) -> None:
    from matplotlib.patches import Rectangle

    color, line = (RIGHT, "-") if right else (WRONG, (0, (3, 1.5)))
    frame = Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, edgecolor=color, linestyle=line)
    frame.set(linewidth=2.4, clip_on=False)
    ax.add_patch(frame)
    sign = ax.text(0.95, 0.93, "✓" if right else "✗", transform=ax.transAxes, ha="right", va="top", color=color)
    sign.set(fontsize=9, weight="bold", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})


def _head(study: Study, axes: list[Axes], line: Line) -> None:
    axes[0].set_title("x")
    for start, name in ((2, line.natural.model[2]), (6, line.robust.model[2])):
        for ax, text in zip(axes[start : start + 3], COLUMNS, strict=True):
            ax.set_title(text, weight="normal")
        axes[start + 1].text(
            0.5, 1.3, name, transform=axes[start + 1].transAxes, ha="center", va="bottom", weight="bold"
        )


def _show(ax: Axes, image: np.ndarray) -> None:
    ax.imshow(image, vmin=0, vmax=1, interpolation="nearest")
