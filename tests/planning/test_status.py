"""Status: done, outdated, running, stopped, left, and the time that recorded runs tell of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robust_dml.cli import main
from robust_dml.config import Run, Study
from robust_dml.config.paths import attack_folder, model_folder, state_folder
from robust_dml.config.resolve import runs
from robust_dml.planning.status import status
from robust_dml.training.state_files import state_name

RUN = Run("digits", "triplet", "robust-anchor", 1)


@pytest.fixture
def folder(study: Study, made_up_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made_up_folder / "results", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one(study: Study, stage: str):
    return next(job for job in status(study).jobs if (job.stage, job.run) == (stage, RUN))


def leave_state(study: Study, epoch: int) -> None:
    path = state_folder(study.name, RUN, "train", "0" * 16) / state_name(epoch, 3, "0" * 64)
    path.parent.mkdir(parents=True)
    path.touch()


def test_a_finished_study_has_nothing_left(study: Study, folder: Path) -> None:
    found = status(study)
    assert found.count("train", "done") == len(list(runs(study))) == 30
    assert found.count("attack", "done") == 30
    assert found.count("train", "outdated") == 0
    assert found.report[0] >= 1


def test_a_missing_model_is_left_and_costs_what_its_other_seed_did(study: Study, folder: Path) -> None:
    shutil.rmtree(model_folder(study.name, RUN))
    assert one(study, "train").condition == "left"
    assert status(study).seconds_left() == (12.5, 0)


def test_a_saved_state_is_stopped_or_running_by_its_log(study: Study, folder: Path) -> None:
    shutil.rmtree(model_folder(study.name, RUN))
    leave_state(study, epoch=3)
    assert (one(study, "train").condition, one(study, "train").share) == ("stopped", 0.5)
    log = Path("logs") / study.name / "train_model" / RUN.path.with_suffix(".log")
    log.parent.mkdir(parents=True)
    log.write_text("epoch 4\n")
    assert one(study, "train").condition == "running"
    os.utime(log, (time.time() - 600,) * 2)
    assert one(study, "train").condition == "stopped"


def test_changed_settings_make_a_model_outdated(study: Study, folder: Path) -> None:
    changed = study.model_copy(update={"optimisation": study.optimisation.model_copy(update={"epochs": 7})})
    assert status(changed).count("train", "outdated") == 30
    assert status(changed).count("train", "done") == 0


def test_the_workflows_own_clock_is_preferred(study: Study, folder: Path) -> None:
    log = Path("logs") / study.name / "train_model" / RUN.path.with_suffix(".tsv")
    log.parent.mkdir(parents=True)
    log.write_text("s\th:m:s\n41.5\t0:00:41\n")
    assert one(study, "train").seconds == 41.5


def test_half_of_the_attacks_is_half_done(study: Study, folder: Path) -> None:
    names = study.attack_names()
    for name in names[: len(names) // 2]:
        (attack_folder(study.name, RUN) / f"{name}.json").unlink()
    job = one(study, "attack")
    assert (job.condition, job.share) == ("left", pytest.approx(1 - (len(names) // 2) / len(names)))


def test_the_command_prints_counts_and_the_estimate(study_file: Path, study: Study, folder: Path, capsys) -> None:
    shutil.rmtree(model_folder(study.name, RUN))
    assert main(["status", str(study_file), "--list", "--jobs", "2"]) == 0
    out = capsys.readouterr().out
    assert f"train {RUN.path}" in out
    assert "left, 2 at a time, by recorded runs" in out


def test_it_starts_quickly_and_without_heavy_imports(study_file: Path, folder: Path) -> None:
    code = (
        "import sys; from robust_dml.cli import main; main(sys.argv[1:])\n"
        "print([n for n in ('torch', 'pandas', 'matplotlib', 'numpy') if n in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, "status", str(study_file)], capture_output=True, text=True, check=True
    )
    assert out.stdout.splitlines()[-1] == "[]"
