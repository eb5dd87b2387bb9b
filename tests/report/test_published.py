"""Published numbers: which trainings they are about, and their order beside the measured one."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import pytest

import robust_dml.report.published as module
from checkout import ROOT
from report.field_study import numbers_of_field_study
from robust_dml.config import ModelName, load_study
from robust_dml.report.cells import Numbers
from robust_dml.report.published import published_of, ranks, read_published
from robust_dml.report.selection import headline
from robust_dml.report.tables.published import ENTRY


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Numbers:
    monkeypatch.chdir(tmp_path)
    return numbers_of_field_study()


def test_each_row_has_a_source_and_is_of_one_training_of_the_field() -> None:
    found = published_of(load_study(ROOT / "config" / "field.yaml"))
    names = [name for row in read_published() for name, rows in found.items() if row in rows]
    assert len(names) == len(read_published()) and all(row.source for row in read_published())
    assert {row.label for row in found["hm-s-m"]} == {"HM[S,M]"}
    assert {row.label for row in found["hm-s-lga-ics"]} == {"HM[S,g_LGA]&ICS"}
    assert {row.label for row in found["act-r"]} == {"ACT[R]"} != {row.label for row in found["act-s"]}
    assert "robust-anchor" not in found and "gallery-margin" not in found


def test_rank_restated() -> None:
    assert ranks([3.0, 9.0, 3.0, 1.0]) == [2, 1, 2, 4] and ranks([]) == []


def test_the_orders_stand_beside_one_another(numbers: Numbers) -> None:
    table = ENTRY.build(numbers)
    assert [row.labels[2] for row in table.rows] == ["natural", "est", "act", "act-s", "hm-ics"]
    columns = [column.key for column in table.columns]
    texts = {row.labels[2]: dict(zip(columns, (cell.text for cell in row.cells), strict=True)) for row in table.rows}
    with Path(module.__file__).with_name("published.csv").open(encoding="utf-8") as stream:
        printed = {line["label"]: line for line in csv.DictReader(stream) if line["dataset"] == "CUB"}
    assert texts["natural"]["published attacked CUB"] == "5 (0.0)"
    assert texts["hm-ics"]["published attacked CUB"] == f"1 ({float(printed['HM[S,g_LGA]&ICS']['attacked']):.1f})"
    assert texts["act-s"]["published attacked CARS"] == ""
    at = headline(numbers.study)
    models = {
        row.labels[2]: numbers.seeds(next(m for m in models_named(numbers, row.labels[2])), at) for row in table.rows
    }
    means = {name: 100 * sum(seeds.values()) / len(seeds) for name, seeds in models.items()}
    for name, mean in means.items():
        place = 1 + sum(other > mean + 1e-9 for other in means.values())
        assert texts[name][columns[-1]] == f"{place} ({mean:.1f})"


def models_named(numbers: Numbers, training: str) -> list[ModelName]:
    from robust_dml.report.selection import models_of

    return [model for model in models_of(numbers.study) if model.training == training]


def test_tau_restated(numbers: Numbers) -> None:
    table = ENTRY.build(numbers)
    published = {"natural": 0.0, "est": 3.8, "act": 15.4, "hm-ics": 38.6}  # SOP
    at = headline(numbers.study)
    measured = {n: sum(numbers.seeds(models_named(numbers, n)[0], at).values()) for n in published}
    signs = [
        (1 if published[a] > published[b] else -1) * ((measured[a] > measured[b]) - (measured[a] < measured[b]))
        for a, b in combinations(published, 2)
    ]
    assert f"SOP {sum(signs) / len(signs):.2f}" in table.caption


def test_a_study_of_no_published_defence_has_no_such_table() -> None:
    assert ENTRY.wanted(load_study(ROOT / "config" / "field.yaml"))
    assert not ENTRY.wanted(load_study(ROOT / "config" / "demo.yaml"))
