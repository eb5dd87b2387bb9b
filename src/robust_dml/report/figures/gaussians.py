"""The two Gaussians on the circle that a 2-d embedding is, clean and perturbed, after natural and robust training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robust_dml.config import Study
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import WIDTH
from robust_dml.report.labels import result_label
from robust_dml.report.selection import groups, headline, natural, robust
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 60
NAMES, COLORS = ("a", "b"), ("#0072b2", "#e08214")

Arrays = dict[str, "np.ndarray"]


def caption(study: Study) -> str:
    """What a mark is, and the attack."""
    return (
        "Images of two classes of pixel noise (a, b) in a 2-d embedding, which is a circle; above on the circle, with "
        "a little radial jitter to tell marks apart, below by their angle. Circles: unperturbed queries; crosses: the "
        f"same queries under {result_label(study, headline(study))}. "
        f"Up to {SHOWN} queries of each class, first seed."
    )


def draw(numbers: Numbers) -> Figure:
    """A pair of panels per training: circle and angles."""
    from matplotlib.figure import Figure as NewFigure

    shown = _shown(numbers)
    if not shown:
        raise UserError(f"{numbers.study.name}: no 2-d embeddings of two classes to draw; run snakemake first")
    columns = len(shown)
    figure = NewFigure(figsize=(WIDTH, 4.6 if columns == 2 else 3.6), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False, height_ratios=[2.4, 1])
    for (title, arrays), circle, strip in zip(shown, *axes, strict=True):
        circle.set_title(title)
        _circle(circle, arrays)
        _strip(strip, arrays)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def _shown(numbers: Numbers) -> list[tuple[str, Arrays]]:
    study, shown = numbers.study, []
    for dataset, loss in groups(study):
        if study.datasets[dataset].kind == "gaussians":
            for training in (natural(study, dataset, loss), robust(study, dataset, loss)):
                arrays = _arrays(numbers, dataset, loss, training) if training else None
                if arrays:
                    shown.append((f"{training}, {loss} loss", arrays))
    return shown


def _arrays(numbers: Numbers, dataset: str, loss: str, training: str) -> Arrays | None:
    arrays = numbers.results.examples(numbers.results.runs(dataset, loss, training)[0])
    fits = (
        arrays is not None and arrays["embedding_clean"].shape[1:] == (2,) and len(set(arrays["embedding_label"])) == 2
    )
    return arrays if fits else None


def _parts(arrays: Arrays) -> list[tuple[str, str, str, np.ndarray]]:
    """Name, colour, marker and angles of a, a + δ, b, b + δ."""
    import numpy as np

    parts = []
    for name, color, label in zip(NAMES, COLORS, sorted(set(arrays["embedding_label"])), strict=True):
        chosen = np.flatnonzero(arrays["embedding_label"] == label)[:SHOWN]
        for suffix, marker, key in (("", "o", "embedding_clean"), (" + δ", "x", "embedding_adversarial")):
            points = arrays[key][chosen]
            parts.append((name + suffix, color, marker, np.arctan2(points[:, 1], points[:, 0]) % (2 * np.pi)))
    return parts


def _circle(ax: Axes, arrays: Arrays) -> None:
    import numpy as np
    from matplotlib.patches import Circle

    ax.add_patch(Circle((0, 0), 1, fill=False, color="#b5b5b0", linewidth=0.8, zorder=0))
    for place, (name, color, marker, angles) in enumerate(_parts(arrays)):
        jitter = np.random.default_rng(place).normal(0, 0.025, len(angles))
        x, y = (1 + jitter) * np.cos(angles), (1 + jitter) * np.sin(angles)
        ax.scatter(x, y, label=name, **_look(marker, color))
    ax.set(aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xticks=[-1, 0, 1], yticks=[-1, 0, 1])


def _strip(ax: Axes, arrays: Arrays) -> None:
    import numpy as np

    parts = _parts(arrays)
    for y, (_, color, marker, angles) in enumerate(parts):
        jitter = np.random.default_rng(y).uniform(-0.25, 0.25, len(angles))
        ax.scatter(angles, y + jitter, **_look(marker, color))
    ax.set(yticks=range(len(parts)), ylim=(-0.6, len(parts) - 0.4), xlim=(0, 2 * np.pi), xlabel="angle")
    ax.set_yticklabels([name for name, *_ in parts])
    ax.set_xticks(np.arange(5) * np.pi / 2, ["0", "π/2", "π", "3π/2", "2π"])


def _look(marker: str, color: str) -> dict[str, Any]:
    return {
        "marker": marker,
        "s": 16 if marker == "o" else 20,
        "facecolor": "none" if marker == "o" else color,
        **({"edgecolor": color} if marker == "o" else {}),
        "linewidth": 0.9,
        "alpha": 0.85,
    }
