"""A run that is killed goes on after at most `snakemake --unlock`, and ends in the bytes of trainings by hand."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from faults.killed_study import RESULTS, contents, half_files, made_again, write_study
from faults.kills import STAGES, Moment, draw_moments, killed


@pytest.mark.slow
def test_a_kill_during_a_training_changes_no_byte(tmp_path: Path, finished_study: Path) -> None:
    write_study(tmp_path / "killed")
    moment = Moment("train", random.Random(0).random(), signal.SIGKILL, "group")
    outcome = killed(tmp_path / "killed", [moment], {"train": 4.0}, "models")
    assert [kill.stage for kill in outcome.kills] == ["train"]
    assert not outcome.mistakes
    by_hand = {name: content for name, content in contents(finished_study).items() if "models" in Path(name).parts}
    assert len(by_hand) == 2 and outcome.contents == by_hand


def test_moments_are_spread_over_stages_signals_and_targets() -> None:
    moments = draw_moments(52, random.Random(1))
    assert {stage: [m.stage for m in moments].count(stage) for stage in STAGES} == dict.fromkeys(STAGES, 4)
    assert len({(m.signal, m.target) for m in moments}) == 9


def test_a_job_that_is_made_again_is_noticed() -> None:
    first = "Job 3: Training a\nJob 4: Training b\nFinished jobid: 3 (Rule: train_model)\n"
    assert made_again([first, "Job 1: Training b\nFinished jobid: 1 (Rule: train_model)\n"]) == set()
    assert made_again([first, "Job 9: Training a\n"]) == {"Training a"}


def test_results_of_a_study_that_ended_are_whole(finished_study: Path) -> None:
    assert (finished_study / RESULTS / "metrics.csv").exists()
    assert list(half_files(finished_study)) == []
