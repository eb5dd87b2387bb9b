"""A point for each training, where metrics.csv says, and its name beside it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from checkout import ROOT
from report.field_study import TRAININGS, numbers_of_field_study
from robust_dml.config import ModelName, load_study
from robust_dml.config.evaluation import CLEAN
from robust_dml.report.figures import draw
from robust_dml.report.figures.trade_off import ENTRY, GAP, _mark, spread
from robust_dml.report.seeds import mean
from robust_dml.report.selection import headline


def test_points_bars_and_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    numbers = numbers_of_field_study()
    (ax,) = draw(numbers, "trade-off").axes
    drawn = {container.get_label(): container for container in ax.containers}
    assert set(drawn) == set(TRAININGS) == {text.get_text() for text in ax.texts}
    for name, container in drawn.items():
        model = ModelName("digits", "triplet", name)
        point, _, (across, along) = container
        where = [100 * (mean(numbers.seeds(model, at)) or 0) for at in (CLEAN, headline(numbers.study))]
        assert [point.get_xdata()[0], point.get_ydata()[0]] == pytest.approx(where)
        for axis, bar, at in ((0, across, CLEAN), (1, along, headline(numbers.study))):
            interval = numbers.interval(model, at)
            assert interval is not None
            ends = [end[axis] for end in bar.get_segments()[0]]
            assert ends == pytest.approx([100 * interval.low, 100 * interval.high])
    heights = sorted(text.xyann[1] for text in ax.texts)
    assert min(b - a for a, b in pairwise(heights)) >= GAP - 1e-9


@pytest.mark.parametrize("heights", [[0.5], [0.1, 0.11, 0.9], [0.9, 0.95, 0.99], [0.5] * 40, []])
def test_names_are_apart_and_inside(heights: list[float]) -> None:
    found = spread(heights)
    assert len(found) == len(heights) and all(-1e-9 <= height <= 1 for height in found)
    assert all(b - a >= min(GAP, 1 / (len(found) - 1)) - 1e-9 for a, b in pairwise(found))


def test_natural_paper_others_and_untrained_look_different() -> None:
    study = load_study(ROOT / "config" / "field.yaml")
    looks = [_mark(study, name) for name in ("natural", "robust-anchor", "est", "untrained")]
    assert len(set(looks)) == 4 and _mark(study, "contrast") == looks[3]


def test_few_rivals_need_no_such_figure() -> None:
    assert ENTRY.wanted(load_study(ROOT / "config" / "field.yaml"))
    assert not ENTRY.wanted(load_study(ROOT / "config" / "paper.yaml"))
