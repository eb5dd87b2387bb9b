"""The two Gaussians on the circle that a 2-d embedding is, clean and perturbed, after natural and robust training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robust_dml.config import Study
from robust_dml.config.resolve import backbone_of, runs
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.examples import Examples
from robust_dml.report.figures.panels import WIDTH
from robust_dml.report.labels import result_label
from robust_dml.report.selection import Group, groups, headline, natural, photographs, robust
from robust_dml.report.sources import example_files
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 60
NAMES, COLORS = ("a", "b"), ("#0072b2", "#e08214")


@dataclass(frozen=True)
class Part:
    """The marks of one class, clean or perturbed; `angles` of their embeddings on the circle, in [0, 2 pi)."""

    name: str
    color: str
    marker: str
    angles: np.ndarray


def caption(study: Study) -> str:
    """Return what a mark is, and the attack."""
    return (
        "Images of two classes of pixel noise (a, b) in a 2-d embedding, which is a circle; above on the circle, with "
        "a little radial jitter to tell marks apart, below by their angle. Circles: unperturbed queries; crosses: the "
        f"same queries under {result_label(headline(study))}. "
        f"Up to {SHOWN} queries of each class, first seed."
    )


def draw(numbers: Numbers) -> Figure:
    """Draw a pair of panels per training: circle and angles."""
    from matplotlib.figure import Figure as NewFigure

    shown = _shown(numbers)
    if not shown:
        raise UserError(f"{numbers.study.name}: no 2-d embeddings of two classes to draw; run snakemake first")
    columns = len(shown)
    figure = NewFigure(figsize=(WIDTH, 4.6 if columns == 2 else 3.6), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False, height_ratios=[2.4, 1])
    for examples, circle, strip in zip(shown, *axes, strict=True):
        circle.set_title(f"{examples.model.training}, {examples.model.loss} loss")
        _circle(circle, _parts(examples))
        _strip(strip, _parts(examples))
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def circles(study: Study) -> list[Group]:
    """Return the groups of noise images whose natural or robust models embed in two dimensions."""
    noise = [group for group in groups(study) if group.dataset not in photographs(study)]
    return [group for group in noise if trainings_on_a_circle(study, group)]


def trainings_on_a_circle(study: Study, group: Group) -> list[str]:
    """Return the natural and the robust training of a group, those of them that embed in two dimensions."""
    flat = {run.training for run in runs(study) if backbone_of(study, run)[1].embedding == 2}
    names = dict.fromkeys((natural(study, group), robust(study, group)))
    return [name for name in names if name in flat]


def _shown(numbers: Numbers) -> list[Examples]:
    study = numbers.study
    models = [group.model(name) for group in circles(study) for name in trainings_on_a_circle(study, group)]
    found = [examples for model in models if (examples := numbers.results.examples(model))]
    return [examples for examples in found if _fits(examples)]


def _fits(examples: Examples) -> bool:
    flat = examples.embedding_clean.shape[1:] == examples.embedding_adversarial.shape[1:] == (2,)
    return flat and len(set(examples.embedding_label.tolist())) <= len(NAMES)


def _parts(examples: Examples) -> list[Part]:
    """Return a, a + δ, b, b + δ."""
    import numpy as np

    parts = []
    for name, color, label in zip(NAMES, COLORS, sorted(set(examples.embedding_label.tolist())), strict=False):
        chosen = np.flatnonzero(examples.embedding_label == label)[:SHOWN]
        embeddings = (("", "o", examples.embedding_clean), (" + δ", "x", examples.embedding_adversarial))
        for suffix, marker, points in embeddings:
            angles = np.arctan2(points[chosen, 1], points[chosen, 0]) % (2 * np.pi)
            parts.append(Part(name + suffix, color, marker, angles))
    return parts


def _circle(ax: Axes, parts: list[Part]) -> None:
    import numpy as np
    from matplotlib.patches import Circle

    ax.add_patch(Circle((0, 0), 1, fill=False, color="#b5b5b0", linewidth=0.8, zorder=0))
    for place, part in enumerate(parts):
        radius = 1 + np.random.default_rng(place).normal(0, 0.025, len(part.angles))
        ax.scatter(radius * np.cos(part.angles), radius * np.sin(part.angles), label=part.name, **_look(part))
    ax.set(aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xticks=[-1, 0, 1], yticks=[-1, 0, 1])


def _strip(ax: Axes, parts: list[Part]) -> None:
    import numpy as np

    for y, part in enumerate(parts):
        jitter = np.random.default_rng(y).uniform(-0.25, 0.25, len(part.angles))
        ax.scatter(part.angles, y + jitter, **_look(part))
    ax.set(yticks=range(len(parts)), ylim=(-0.6, len(parts) - 0.4), xlim=(0, 2 * np.pi), xlabel="angle")
    ax.set_yticklabels([part.name for part in parts])
    ax.set_xticks(np.arange(5) * np.pi / 2, ["0", "π/2", "π", "3π/2", "2π"])


def _look(part: Part) -> dict[str, Any]:
    shared = {"marker": part.marker, "linewidth": 0.9, "alpha": 0.85}
    if part.marker == "o":
        return {**shared, "s": 16, "facecolor": "none", "edgecolor": part.color}
    return {**shared, "s": 20, "facecolor": part.color}


def _sources(study: Study) -> list[Path]:
    return example_files(study, {group.dataset for group in circles(study)})


ENTRY = FigureRecord(
    title="Two Gaussians on a circle",
    order=20,
    wanted=lambda study: bool(circles(study)),
    sources=_sources,
    caption=caption,
    draw=draw,
)
