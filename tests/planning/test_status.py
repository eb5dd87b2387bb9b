"""Status: done, outdated, running, stopped, left, and the time that recorded runs tell of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robust_dml.cli import main
from robust_dml.config import Run, Study
from robust_dml.config.digests import score_digest, training_digest
from robust_dml.config.paths import attack_folder, attacked_path, model_folder, state_folder
from robust_dml.config.resolve import runs
from robust_dml.evaluation.attacked import Attacked, save_attacked
from robust_dml.evaluation.origin import NOT_STAMPED
from robust_dml.evaluation.planned import attack_digests
from robust_dml.planning.status import finished, status
from robust_dml.training.state_files import state_name

Capture = pytest.CaptureFixture[str]
EMPTY = Attacked(
    positions=np.zeros(0, dtype=np.int64),
    embeddings=np.zeros((0, 1), dtype=np.float32),
    norm=np.zeros(0),
    zero_gradient=np.zeros(0, dtype=bool),
    image_positions=np.zeros(0, dtype=np.int64),
    images=np.zeros((0, 3, 1, 1), dtype=np.uint16),
    origin=replace(NOT_STAMPED, model_sha256="a" * 64, seconds=0.5),
)
RUN = Run("digits", "triplet", "robust-anchor", 1)


@pytest.fixture
def folder(study: Study, made_up_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The made-up results, with the embeddings and digests by which a status tells what is outdated."""
    shutil.copytree(made_up_folder / "results", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    stored = tmp_path / "stored.npz"
    save_attacked(stored, EMPTY)
    labels = attack_digests(study)
    for run in runs(study):
        add_digest(model_folder(study.name, run) / "run.json", training_digest(study, run))
        add_digest(attack_folder(study.name, run) / "run.json", score_digest(study, run))
        for digest in labels.values():
            path = attacked_path(study.name, run, digest)
            path.parent.mkdir(exist_ok=True)
            path.hardlink_to(stored)
    return tmp_path


def add_digest(path: Path, digest: str) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "digest": digest}))


def one(study: Study, stage: str):
    return next(job for job in status(study).jobs if (job.stage, job.run) == (stage, RUN))


def leave_state(study: Study, epoch: int) -> None:
    path = state_folder(study.name, RUN, "train", "0" * 16) / state_name(epoch, 3, "0" * 64)
    path.parent.mkdir(parents=True)
    path.touch()


def test_a_finished_study_has_nothing_left(study: Study, folder: Path) -> None:
    found = status(study)
    assert found.count("train", "done") == len(list(runs(study))) == 30
    assert found.count("attack", "done") == found.count("score", "done") == 30
    assert found.left == [] and found.seconds_left() == (0, 0)
    assert found.report[0] >= 1


def test_a_plan_counts_what_is_done(study: Study, study_file: Path, folder: Path, capsys: Capture) -> None:
    assert main(["plan", str(study_file)]) == 0
    rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()[:6]}
    assert rows["job"][-1] == "done" and rows["train_model"][-1] == rows["attack_model"][-1] == "30"
    shutil.rmtree(model_folder(study.name, RUN))
    assert finished(study) == {**dict.fromkeys(finished(study), 0), "train_model": 29, "attack_model": 29}


def test_a_missing_model_is_left_and_costs_what_its_other_seed_did(study: Study, folder: Path) -> None:
    shutil.rmtree(model_folder(study.name, RUN))
    assert one(study, "train").condition == "left"
    assert (one(study, "attack").condition, one(study, "score").condition) == ("outdated", "outdated")
    assert status(study).seconds_left() == (12.5 + 0.5 * len(attack_digests(study)), 0)


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
    digests = list(attack_digests(study).values())
    for digest in digests[: len(digests) // 2]:
        attacked_path(study.name, RUN, digest).unlink()
    job = one(study, "attack")
    assert (job.condition, job.share) == ("left", pytest.approx(1 - (len(digests) // 2) / len(digests)))
    assert one(study, "train").condition == "done" and one(study, "score").condition == "outdated"


def test_results_of_another_model_are_outdated(study: Study, folder: Path) -> None:
    path = attacked_path(study.name, RUN, next(iter(attack_digests(study).values())))
    path.unlink()
    save_attacked(path, replace(EMPTY, origin=replace(EMPTY.origin, model_sha256="b" * 64)))
    assert [one(study, stage).condition for stage in ("train", "attack", "score")] == ["done", "outdated", "outdated"]


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
