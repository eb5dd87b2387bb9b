"""The lead of the first training, restated from the results of the seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout import ROOT
from report.field_study import numbers_of_field_study
from robust_dml.config import ModelName, load_study
from robust_dml.report.cells import Numbers
from robust_dml.report.selection import headline
from robust_dml.report.tables.lead import ENTRY


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Numbers:
    monkeypatch.chdir(tmp_path)
    return numbers_of_field_study()


def test_the_first_is_compared_with_every_other_from_the_highest_on(numbers: Numbers) -> None:
    at = headline(numbers.study)
    names = list(numbers.study.trainings)
    seeds = {name: numbers.seeds(ModelName("digits", "triplet", name), at) for name in names}
    order = sorted(names, key=lambda name: -sum(seeds[name].values()))
    rows = ENTRY.build(numbers).rows
    assert [row.labels for row in rows] == [("digits", "triplet", order[0], name) for name in order[1:]]
    for row, name in zip(rows, order[1:], strict=True):
        lead = [seeds[order[0]][seed] - seeds[name][seed] for seed in seeds[name]]
        assert row.cells[1].mean == pytest.approx(100 * sum(lead) / len(lead))


def test_a_lead_is_bold_only_if_it_is_resolved(numbers: Numbers) -> None:
    at = headline(numbers.study)
    for row in ENTRY.build(numbers).rows:
        first, other = (ModelName("digits", "triplet", name) for name in row.labels[2:])
        contrast = numbers.contrast(first, other, at)
        assert contrast is not None
        assert (row.cells[1].standing == "best") == contrast.resolved


def test_a_study_of_two_trainings_has_no_such_table() -> None:
    assert ENTRY.wanted(load_study(ROOT / "config" / "field.yaml"))
    assert not ENTRY.wanted(load_study(ROOT / "config" / "demo.yaml"))
