"""Tables and figures of threats, from a made-up threats.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from checkout import ROOT
from robust_dml.config import Study, load_study
from robust_dml.config.paths import results_folder
from robust_dml.config.resolve import runs
from robust_dml.evaluation.collect_threats import COLUMNS
from robust_dml.records import FIGURES, TABLES, THREATS
from robust_dml.report.cells import Numbers
from robust_dml.report.figures import draw
from robust_dml.report.results import Results
from robust_dml.report.threats import ThreatNumbers, wants
from robust_dml.runtime.sealed import write_checksum

KINDS = [name for name in THREATS.names if THREATS.load(name).measure is not None]
SETTINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "candidate": {"promote": ("percentile", "shown"), "demote": ("percentile", "shown")},
    "certificate": {
        "not smoothed": ("recall@1",),
        "abstained": ("abstained",),
        **dict.fromkeys(("certified", "RetrievalGuard", "empirical"), ("recall@1",)),
    },
    "edits": {"clean": ("recall@1",), "mean edit": ("recall@1",), "worst edit": ("recall@1",), "jpeg": ("recall@1",)},
    "hub": {
        "natural hub": ("captured",),
        "best candidate": ("captured",),
        "mean candidate": ("captured",),
        "k-occurrence": ("auc", "found"),
    },
    "near-duplicate": {
        "threshold": ("false alarms",),
        **dict.fromkeys(("evasion", "random copy", "collision"), ("broken",)),
    },
    "patch": dict.fromkeys(("clean", "random patch", "patch"), ("recall@1",)),
    "ranking": {
        "clean": ("recall@1", "cosine"),
        "CA+": ("rank",),
        "SPQA-": ("rank", "kept-rank"),
        "ES": ("recall@1", "shift"),
        "ERS": ("ers", "collapsed"),
    },
    "universal": dict.fromkeys(("clean", "random perturbation", "perturbation"), ("recall@1",)),
}
"""The settings of each kind and their metrics."""
AT_ZERO = ("clean", "natural hub", "threshold", "not smoothed", "abstained")


def readings(kind: str) -> Iterator[dict[str, Any]]:
    """A different value for each setting, level and metric."""
    for n, (setting, metrics) in enumerate(SETTINGS[kind].items()):
        levels = (0.0,) if setting in AT_ZERO else (0.0, 1.0, 2.0)
        for level in levels:
            for m, metric in enumerate(metrics):
                value = 0.1 + 0.05 * n + 0.02 * level + 0.01 * m
                yield {"setting": setting, "level": level, "metric": metric, "value": value, "low": 0, "high": 1}


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Numbers:
    """The ci study with every threat, and its threats.csv."""
    monkeypatch.chdir(tmp_path)
    content = yaml.safe_load((ROOT / "config" / "ci.yaml").read_text())
    Path("ci.yaml").write_text(yaml.safe_dump(content | {"threats": {kind: {"kind": kind} for kind in KINDS}}))
    study = load_study(Path("ci.yaml"))
    write(study)
    return Numbers(Results(study))


def write(study: Study) -> None:
    path = results_folder(study.name) / "threats.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for run in runs(study):
            for kind in KINDS:
                writer.writerows(run._asdict() | {"threat": kind, "kind": kind} | each for each in readings(kind))
    write_checksum(path)


def test_every_kind_has_a_table_and_a_figure(numbers: Numbers) -> None:
    assert set(SETTINGS) == set(KINDS) <= set(TABLES.names) & set(FIGURES.names)
    for kind in KINDS:
        assert TABLES.load(kind).wanted(numbers.study) and FIGURES.load(kind).wanted(numbers.study)
        assert THREATS.load(kind).curve and not wants(kind)(load_study(ROOT / "config" / "ci.yaml"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_shows_every_reading_once(numbers: Numbers, kind: str) -> None:
    table = TABLES.load(kind).build(numbers)
    assert len({column.key for column in table.columns}) == len(table.columns)
    assert len(table.rows) == len({run.model for run in runs(numbers.study)})
    values = {f"{each['setting']} {each['level']:g} {each['metric']}": 100 * each["value"] for each in readings(kind)}
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            assert cell.mean == pytest.approx(values[column.key]), column.key
            assert (cell.low, cell.high) == (0, 100)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_stand_where_threats_csv_says(numbers: Numbers, kind: str) -> None:
    record, figure = THREATS.load(kind), draw(numbers, kind)
    expected = {
        each["level"]: 100 * each["value"]
        for each in readings(kind)
        if each["setting"] in record.curve and each["metric"] == record.metric and each["level"]
    }
    for line in [line for line in figure.axes[0].lines if not line.get_label().startswith("_")]:
        drawn = dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
        assert {level: drawn[level] for level in expected} == pytest.approx(expected)


def test_of_a_single_radius_each_model_has_a_row(numbers: Numbers, monkeypatch: pytest.MonkeyPatch) -> None:
    every = ThreatNumbers.rows.func  # type: ignore[attr-defined]
    few = cached_property(lambda self: [row for row in every(self) if row.level == 2.0])
    few.__set_name__(ThreatNumbers, "rows")
    monkeypatch.setattr(ThreatNumbers, "rows", few)
    (expected,) = (
        100 * each["value"] for each in readings("ranking") if (each["metric"], each["level"]) == ("ers", 2.0)
    )
    for ax in draw(numbers, "ranking").axes:
        points = [line for line in ax.lines if len(line.get_xdata()) == 1]
        assert len(points) == len(ax.get_yticklabels()) > 1
        assert [line.get_xdata()[0] for line in points] == pytest.approx([expected] * len(points))
        assert ax.get_xlabel() == "ERS at ε = 2"


def test_at_a_glance_a_row_for_each_model_and_a_column_for_each_threat(numbers: Numbers) -> None:
    study, figure = numbers.study, draw(numbers, "threats")
    models = {run.model for run in runs(study)}
    assert len(figure.axes) == len(models) * len(KINDS)
    titles = [ax.get_title().split("\n") for ax in figure.axes[: len(KINDS)]]
    for (name, safer), kind in zip(titles, KINDS, strict=True):
        assert name == kind and safer == f"{'higher' if THREATS.load(kind).higher_is_safer else 'lower'} is safer"
    for ax in figure.axes:
        own = [line for line in ax.lines if not line.get_label().startswith("_")]
        assert len(own) == 1 and len(ax.lines) == len(models)
        assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > 100  # the ends of all intervals
    assert all(kind in FIGURES.load("threats").caption(study) for kind in KINDS)


def test_one_threat_needs_no_page(numbers: Numbers) -> None:
    one = numbers.study.model_copy(update={"threats": {"hub": numbers.study.threats["hub"]}})
    twice = numbers.study.model_copy(update={"threats": dict.fromkeys("ab", numbers.study.threats["hub"])})
    assert FIGURES.load("threats").wanted(numbers.study)
    assert not FIGURES.load("threats").wanted(one) and not FIGURES.load("threats").wanted(twice)
