"""The figures of a study: each file that assigns ENTRY is one figure, and owns its title, caption, sources and look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.records import FIGURES
from robust_dml.report.cells import Numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def caption(study: Study, name: str) -> str:
    """Return what a reader of the figure must know."""
    return FIGURES.load(name).caption(study)


def draw(numbers: Numbers, name: str) -> Figure:
    """Draw one figure. Raises UserError if its results are absent."""
    from robust_dml.report.figures.style import styled

    with styled():
        return FIGURES.load(name).draw(numbers)


def save(figure: Figure, paths: list[Path]) -> None:
    """Write a figure in the format of each path's ending; equal figures give equal bytes."""
    from robust_dml.report.figures.style import styled
    from robust_dml.runtime.files import replacing

    for path in paths:
        with replacing(path) as temporary, styled():
            figure.savefig(temporary, format=path.suffix[1:], metadata=METADATA[path.suffix[1:]])


METADATA: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
