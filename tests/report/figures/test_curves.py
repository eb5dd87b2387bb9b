"""Training curves: a study that validates once has a point, since a line of one point cannot be seen."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from robust_dml.report.figures.curves import _line
from robust_dml.report.figures.style import NATURAL


@pytest.mark.parametrize(("points", "marker"), [([(40, 92.0)], NATURAL.marker), ([(1, 50.0), (2, 60.0)], "")])
def test_a_single_validation_is_a_mark(points: list[tuple[int, float]], marker: str) -> None:
    ax = Figure().add_subplot()
    _line(ax, points, "natural", NATURAL)
    assert ax.lines[0].get_marker() == marker and list(zip(*ax.lines[0].get_data(), strict=True)) == points
