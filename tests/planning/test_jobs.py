"""Lines of finished jobs, and the time that is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from robust_dml.config import load_study
from robust_dml.config.resolve import runs
from robust_dml.planning import jobs
from robust_dml.planning.cost import job_hours
from robust_dml.planning.jobs import SHORT, Jobs, expected_seconds

DEMO = Path(__file__).parents[2] / "config/demo.yaml"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in its only element."""
    now = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "job.log"
    path.write_text("".join(f"line {n}\n" for n in range(30)) + "recall@1 0.5\n\n")
    return path


def begun(log: Path, counts: dict[str, int], *numbers: int) -> Jobs:
    """A run in which some jobs of the rule `train_model` are under way."""
    found = Jobs(study=None, cores=2)
    found.plan({**counts, "total": sum(counts.values())})
    for number in numbers:
        found.describe(number, "train_model", f"Training {number}", [str(log)])
    found.start(numbers)
    return found


def test_a_finished_job_is_a_line_with_its_result_and_seconds(log: Path, clock: list[float]) -> None:
    running = begun(log, {"train_model": 2, "all": 1}, 5)
    clock[0] += 61.4
    assert running.finish(5) == "Training 5: recall@1 0.5 (61 s)"
    assert (running.done, running.total) == (1, 3)


def test_a_target_has_no_line(log: Path, clock: list[float]) -> None:
    running = begun(log, {"all": 1})
    running.describe(0, "all", None, [])
    assert running.finish(0) == "" and running.done == running.total == 1


def test_a_failed_job_shows_the_end_of_its_log(log: Path, clock: list[float]) -> None:
    lines = begun(log, {"train_model": 1}, 5).fail(5).splitlines()
    assert lines[0] == "FAILED Training 5" and lines[-1] == f"    whole log: {log}"
    assert lines[-2] == "    recall@1 0.5" and lines[1] == "    line 19"


def test_the_time_left_is_that_of_the_jobs_of_each_rule(log: Path, clock: list[float]) -> None:
    running = begun(log, {"train_model": 4, "make_tables": 1}, 5, 6)
    clock[0] += 60
    running.finish(5)
    # three trainings of 60 s are left, of which one is about to end, and one short job, on two cores
    assert running.left() == pytest.approx((3 * 60 - 60 + SHORT) / 2)


def test_before_any_job_has_ended_the_plan_says_how_long(log: Path, clock: list[float]) -> None:
    study = load_study(DEMO)
    hours = [job_hours(study, run, "cpu") for run in runs(study)]
    expected = expected_seconds(DEMO)
    assert expected["train_model"] == pytest.approx(3600 * sum(train for train, _ in hours) / len(hours))
    running = Jobs(DEMO, cores=2)
    assert running.left() is None
    running.plan({"attack_model": 3, "total": 3})
    assert running.left() == pytest.approx(3 * expected["attack_model"] / 2)
