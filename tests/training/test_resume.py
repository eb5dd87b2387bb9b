"""A training that is killed or stopped ends, once run again, in the bytes of one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from robust_dml.config import Run, Study, load_study
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of
from robust_dml.training import state as state_module
from robust_dml.training import train
from robust_dml.training.setup import Training
from robust_dml.training.step import TrainingStep
from training.conftest import MakeStudy
from training.own_methods import Remembering

EPOCHS = {"epochs": 8, "validate_every": 2, "checkpoint": "best-adversarial"}


def model_path(study: Study, run: Run) -> Path:
    return Path("results") / study.name / "models" / run.path / "model.safetensors"


def reference_hash(study: Study, run: Run) -> str:
    train(study, run)
    found = sha256_of(model_path(study, run))
    model_path(study, run).unlink()
    return found


def command(study_file: Path, run: Run) -> list[str]:
    names = ["--dataset", run.dataset, "--loss", run.loss, "--training", run.training, "--seed", str(run.seed)]
    return [sys.executable, "-m", "robust_dml", "train", str(study_file), *names]


def start(study_file: Path, run: Run) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command(study_file, run), stderr=subprocess.PIPE, text=True, env=environment)


def wait_for_epoch(process: subprocess.Popen[str], epoch: int) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(f"epoch {epoch} of"):
            return
    raise AssertionError(f"the training ended before epoch {epoch}")


def test_three_kills_at_random_moments(make_study: MakeStudy, run: Run) -> None:
    study_file = make_study(optimisation=EPOCHS)
    study = load_study(study_file)
    expected = subprocess_hash(study_file, study, run)
    moments = random.Random(0)
    for epoch in (1, 3, 5):
        process = start(study_file, run)
        wait_for_epoch(process, epoch)
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        process.communicate()
        assert not model_path(study, run).exists()
    assert subprocess_hash(study_file, study, run) == expected


def subprocess_hash(study_file: Path, study: Study, run: Run) -> str:
    process = start(study_file, run)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    found = sha256_of(model_path(study, run))
    model_path(study, run).unlink()
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_within_the_epoch(make_study: MakeStudy, run: Run, number: signal.Signals) -> None:
    study_file = make_study(optimisation={"epochs": 200, "validate_every": 200})
    process = start(study_file, run)
    wait_for_epoch(process, 2)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "finishing the step and saving" in errors
    assert "the same command goes on" in errors
    file = newest_state()
    process = start(study_file, run)
    assert process.stderr is not None
    assert f"from {file}" in process.stderr.readline()
    process.kill()
    process.communicate()


def newest_state(folder: Path = Path("state")) -> Path:
    """The last state below a folder."""
    return max(folder.rglob("state-*.safetensors"), key=lambda file: file.name.split("-")[1:3])


class StopAt:
    """Stands in for StopRequest: wants a stop at some step of some epoch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, epoch: int, number: int) -> None:
        self.wanted = False
        begin = TrainingStep.__init__

        def noting(step: TrainingStep, *args: Any, **settings: Any) -> None:
            begin(step, *args, **settings)
            self.wanted = (step.epoch, step.number) == (epoch, number)

        monkeypatch.setattr(TrainingStep, "__init__", noting)
        monkeypatch.setattr("robust_dml.training.loop.StopRequest", lambda: self)

    def __enter__(self) -> StopAt:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("epoch", "number"), [(0, 0), (1, 1), (2, 2)])
def test_stopping_within_an_epoch_changes_no_bit(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch, epoch: int, number: int
) -> None:
    study = load_study(make_study())
    expected = reference_hash(study, run)
    with monkeypatch.context() as stopping:
        StopAt(stopping, epoch, number)
        with pytest.raises(KeyboardInterrupt):
            train(study, run)
    train(study, run)
    assert sha256_of(model_path(study, run)) == expected


def test_the_mean_of_weights_goes_on_to_the_bit(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load_study(make_study(optimisation={"average_steps": 12}))
    expected = reference_hash(study, run)
    interrupted(study, run, monkeypatch)
    train(study, run)
    assert sha256_of(model_path(study, run)) == expected


def interrupted(study: Study, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state file of a training stopped in its second epoch."""
    with monkeypatch.context() as stopping:
        StopAt(stopping, 1, 0)
        with pytest.raises(KeyboardInterrupt):
            train(study, run)
    return newest_state()


def test_a_method_with_weights_and_memory_of_its_own_goes_on_to_the_bit(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load_study(make_study(trainings={"robust": {"method": "training.own_methods:REMEMBERING"}}))
    expected = reference_hash(study, run)
    interrupted(study, run, monkeypatch)
    learner = Training(study, run).learner
    assert isinstance(learner.method, Remembering) and learner.method.count > 0
    assert learner.method.proxies.equal(learner.tensors()["parameter/proxies"])
    train(study, run)
    assert sha256_of(model_path(study, run)) == expected


def test_death_while_saving_leaves_the_state_before(study: Study, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = reference_hash(study, run)
    file = interrupted(study, run, monkeypatch)
    before = sha256_of(file)

    def dies_half_way(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half a state")
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(state_module, "save_file", dies_half_way)
        with pytest.raises(KeyboardInterrupt):
            train(study, run)
    assert sha256_of(file) == before
    train(study, run)
    assert sha256_of(model_path(study, run)) == expected


@pytest.mark.parametrize("damaged", [1, 2])
def test_a_damaged_state_is_not_trained_on(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damaged: int
) -> None:
    study = load_study(make_study(optimisation={"checkpoint": "best-adversarial"}))
    expected = reference_hash(study, run)
    interrupted(study, run, monkeypatch)
    states = sorted(Path("state").rglob("state-*.safetensors"), reverse=True)
    assert len(states) == 2
    for file in states[:damaged]:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 4
        file.write_bytes(content)
    train(study, run)
    errors = capsys.readouterr().err
    assert f"{states[0]}: damaged" in errors
    assert ("going on after 1 epochs and 0 steps" in errors) == (damaged == 1)
    assert sha256_of(model_path(study, run)) == expected


def test_damaged_weights_of_a_saved_epoch_are_found(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = load_study(make_study(optimisation={"checkpoint": "best-clean"}))
    expected = reference_hash(study, run)
    interrupted(study, run, monkeypatch)
    (file,) = Path("state").rglob("epoch-*.safetensors")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    train(study, run)
    assert f"the checksum of {file.name} differs" in capsys.readouterr().err
    assert sha256_of(model_path(study, run)) == expected


def test_a_state_of_other_settings_is_left_alone(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = interrupted(load_study(make_study()), run, monkeypatch)
    other = load_study(make_study(optimisation={"learning_rate": 0.001}))
    expected = reference_hash(other, run)
    assert (
        f"starting from the beginning: {file.parent} has a state of other settings or data" in capsys.readouterr().err
    )
    assert file.exists()
    train(other, run)
    assert sha256_of(model_path(other, run)) == expected


def test_a_state_moved_to_other_settings_is_refused(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = interrupted(load_study(make_study()), run, monkeypatch)
    other = load_study(make_study(optimisation={"learning_rate": 0.001}))
    folder = Training(other, run).state.folder
    folder.mkdir()
    (folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(UserError, match="other settings or data"):
        train(other, run)
