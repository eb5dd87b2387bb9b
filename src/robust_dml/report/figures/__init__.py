"""The figures of a study, one module each with `caption(study) -> str` and `draw(numbers) -> Figure`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.report.cells import Numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def caption(study: Study, name: str) -> str:
    """What a reader of the figure must know."""
    text: str = import_module(f"robust_dml.report.figures.{name}").caption(study)
    return text


def draw(numbers: Numbers, name: str) -> Figure:
    """Draw one figure. Raises UserError where its results are absent."""
    from robust_dml.report.figures.style import styled

    with styled():
        figure: Figure = import_module(f"robust_dml.report.figures.{name}").draw(numbers)
    return figure


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
