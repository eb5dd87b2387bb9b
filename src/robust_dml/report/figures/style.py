"""The look that all figures share: readable in grey, by the colour-blind, and at the size of a printed column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from robust_dml.config import Study

RIGHT, WRONG = "#007a5e", "#c8401f"

SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e0",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "figure.dpi": 100,
    "savefig.dpi": 220,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.04,
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Mark:
    """How a training looks in every figure; colours (Okabe and Ito), lines and markers all differ."""

    color: str
    line: str | tuple[int, tuple[float, ...]]
    marker: str


NATURAL = Mark("#1a1a1a", (0, (4, 1.6)), "o")
OTHERS = (
    Mark("#0072b2", "-", "s"),
    Mark("#d55e00", (0, (6, 1.5, 1.2, 1.5)), "^"),
    Mark("#009e73", "-", "D"),
    Mark("#cc79a7", (0, (1.2, 1.2)), "v"),
    Mark("#e69f00", (0, (3, 1, 1, 1, 1, 1)), "P"),
    Mark("#56b4e9", "-", "X"),
    Mark("#8a8a2a", (0, (2, 1)), "*"),
)


def marks(study: Study) -> dict[str, Mark]:
    """Return the look of each training; natural ones are black and dashed."""
    others = [name for name, training in study.trainings.items() if training.record.family != "natural"]
    found = {name: _other(n) for n, name in enumerate(others)}
    return {name: found.get(name, NATURAL) for name in study.trainings}


def _other(n: int) -> Mark:
    """Return the look of the n-th training that is not natural: colours come again with other lines and markers."""
    turn, place = divmod(n, len(OTHERS))
    shape = OTHERS[(place + turn) % len(OTHERS)]
    return Mark(OTHERS[place].color, shape.line, shape.marker)


@contextmanager
def styled() -> Iterator[None]:
    """Draw or save with SETTINGS, whatever the user's own settings are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield
