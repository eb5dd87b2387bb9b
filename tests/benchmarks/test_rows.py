"""Rows, their table and their record."""

from __future__ import annotations

import json

import pytest
from benchmarks.limits import Limit
from benchmarks.record import record
from benchmarks.row import compare, figures
from benchmarks.rows import mining, scale
from benchmarks.rows.metrics import draw
from benchmarks.table import line
from benchmarks.worker import Call, Worker


def slept(milliseconds: int) -> Call:
    return Call("benchmark_ways:sleeping", {"seconds": milliseconds / 1000})


def test_a_row_has_the_ratio_and_the_share_of_the_limit() -> None:
    limit = Limit("sleep", "GFLOP/s", 10.0, slept(10))
    row, _ = compare("it", slept(80), slept(40), goal=1.2, work=20.0, limit=limit, rounds=2)
    assert row["ratio"]["median"] == pytest.approx(2, rel=0.3)
    assert row["limit"]["median"] == pytest.approx(1000, rel=0.3)
    assert row["share"]["median"] == pytest.approx(20 / 0.04 / 1000, rel=0.4)
    assert row["released_share"]["median"] == pytest.approx(row["share"]["median"] / 2, rel=0.4)
    assert row["ratio_at_limit"] == pytest.approx(4, rel=0.4)
    assert row["met"] and "| yes |" in line(row)


def test_a_goal_that_is_missed_is_said() -> None:
    row, _ = compare("it", slept(10), slept(40), goal=3, rounds=1)
    assert not row["met"] and line(row).endswith("| 3 times | no |")


def test_figures_stand_in_the_line() -> None:
    row = figures("memory", {"MiB": 12345, "share": 0.25}, goal="less", met=None)
    assert line(row) == "| memory |  |  |  | MiB 12,345; share 0.25 | less |  |"


def test_the_record_says_load_and_versions() -> None:
    found = record(iter([figures("a", {}), figures("b", {})]))
    assert [row["what"] for row in found["rows"]] == ["a", "b"]
    assert all(row["load_before"] >= 0 and row["load_after"] >= 0 for row in found["rows"])
    assert found["versions"]["torch"] and found["revision"] and found["device"].startswith("cpu")
    json.dumps(found, allow_nan=False)


def test_exponents() -> None:
    sizes = [10, 20, 40, 80]
    assert scale.exponent(sizes, [3 * size**2 for size in sizes]) == pytest.approx(2)
    assert scale.exponent(sizes, [size**0.5 for size in sizes]) == pytest.approx(0.5)


def test_synthetic_embeddings_are_on_the_sphere_and_evenly_labelled() -> None:
    embeddings, labels = draw(300, 7)
    assert embeddings.shape == (300, 128) and embeddings.norm(dim=1).allclose(embeddings.new_ones(300))
    assert labels.bincount().tolist() == [43] * 6 + [42]


def test_the_parts_of_a_step_are_within_the_whole() -> None:
    settings = {"target": "benchmarks.rows.small_step:ours", "settings": {"precision": "fp32"}}
    with Worker(Call("benchmarks.rows.step_profile:timed", settings, threads=1)) as worker:
        seconds = worker.time()
        parts = worker.result
    assert all(part > 0 for part in parts.values()) and sum(parts.values()) < seconds
    assert max(parts, key=parts.__getitem__) == "attack"


def test_a_whole_row_runs() -> None:
    (row,) = mining.rows(quick=True)
    assert row["ratio"]["median"] > 1 and set(row["seconds"]) == {"released", "ours"}
