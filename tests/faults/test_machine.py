"""A machine that lacks disk, permission, file handles, memory or workers: one line, an exit status, nothing lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.pipeline import ATTACKS, FILE, MODEL, MODELS, names_of, write_study
from robust_dml.cli.main import main

TRAIN, ATTACK, SCORE = (("train", FILE), ("attack", FILE), ("score", FILE))
SAFE = ("model.safetensors", "run.json", "metrics.csv", "pgd-0.1.json", "checks.json")


def words_of(command: tuple[str, ...]) -> list[str]:
    """Return a command on the model, or on the study where it is one of the study."""
    return [*command, *(names_of(MODEL) if command[0] != "collect" else [])]


def refused(capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> str:
    """Run a command in this process; it must fail with one line."""
    capsys.readouterr()
    assert main(words_of(command)) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("robust-dml: error: ")]
    return line


def limited(command: tuple[str, ...], limit: Callable[[], None] | None = None, **variables: str) -> str:
    """Run a command in a process of its own under a limit; it must fail with one line, without a traceback, in time."""
    words = [sys.executable, "-m", "robust_dml", *words_of(command)]
    ended = subprocess.run(
        words, preexec_fn=limit, capture_output=True, text=True, timeout=200, env={**os.environ, **variables}
    )
    assert ended.returncode not in (0, None), ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr[-3000:]
    errors = [line for line in ended.stderr.splitlines() if line.startswith("robust-dml: error: ")]
    assert len(errors) == 1, ended.stderr[-3000:]
    return errors[0]


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the results that must survive."""
    return {path: path.read_bytes() for path in (folder / "results").rglob("*") if path.name in SAFE}


@pytest.fixture
def small_disk(damaged: Path) -> Iterator[Path]:
    """A state folder on a disk of 64 kB."""
    place = damaged / "state"
    subprocess.run(["rm", "-r", str(place)], check=True)
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_under_a_training_is_one_line(
    small_disk: Path, damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(damaged)
    (small_disk / "filler").write_bytes(bytes(60_000))
    line = refused(capsys, TRAIN)
    assert "No space left on device" in line
    assert "state" in line
    assert contents(damaged) == before
    assert not list(small_disk.rglob("unfinished"))


@pytest.fixture
def small_results(damaged: Path) -> Iterator[Path]:
    """The folder of the model, empty, on a disk of 8 kB."""
    place = damaged / MODELS
    shutil.rmtree(place)
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_under_the_weights_is_one_line_and_loses_no_epoch(
    small_results: Path, damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(damaged)
    states = sorted((damaged / "state").rglob("state-*.safetensors"))
    line = refused(capsys, TRAIN)
    assert "No space left on device" in line
    assert str(MODELS) in line and "model.safetensors" in line
    assert contents(damaged) == before
    assert not list(small_results.iterdir())
    assert sorted((damaged / "state").rglob("state-*.safetensors")) == states


@pytest.mark.parametrize(("command", "file"), [(TRAIN, "state"), (SCORE, str(ATTACKS)), (("collect", FILE), "results")])
def test_a_file_that_cannot_grow_is_one_line(damaged: Path, command: tuple[str, ...], file: str) -> None:
    before = contents(damaged)

    def small_files() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    if command == TRAIN:
        subprocess.run(["rm", "-r", "state"], check=True)
    line = limited(command, small_files)
    assert "File too large" in line
    assert file in line
    assert contents(damaged) == before


@pytest.fixture
def read_only(damaged: Path) -> Iterator[Path]:
    """The study with a results folder that nothing can be written to, not even by root."""
    place = str(damaged / "results")
    if subprocess.run(["mount", "--bind", place, place], capture_output=True).returncode:
        pytest.skip("mounting a folder read-only needs root")
    subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
    yield damaged
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("command", [SCORE, ("collect", FILE)])
def test_a_read_only_results_folder_is_one_line(
    read_only: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(read_only)
    line = refused(capsys, command)
    assert "Read-only file system" in line
    assert "results/ci" in line
    assert contents(read_only) == before


@pytest.fixture
def with_workers(damaged: Path) -> Path:
    """The study with two workers that load batches, its training yet to be done."""
    optimisation = {"epochs": 2, "learning_rate": 1.0e-3, "workers": 2}
    write_study(damaged, optimisation=optimisation)
    subprocess.run(["rm", "-r", "state"], check=True)
    return damaged


def test_too_few_file_handles_for_workers_are_one_line(with_workers: Path) -> None:
    line = limited(TRAIN, lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (90, 90)))
    assert "2 workers that load batches need 128 open files, 90 are allowed; raise the limit (ulimit -n 128)" in line


def test_a_worker_that_is_killed_for_memory_is_one_line(with_workers: Path) -> None:
    (with_workers / "sitecustomize.py").write_text(
        "import os, signal, time\n"
        "import torch.utils.data._utils.worker as worker\n"
        "whole = worker._worker_loop\n"
        "def killed(*arguments):\n"
        "    time.sleep(4)\n"  # by then the training waits; before, torch itself prints a trace from an import
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "worker._worker_loop = killed\n"
    )
    line = limited(TRAIN, PYTHONPATH=f"{with_workers}:{os.environ.get('PYTHONPATH', '')}")
    assert "2 workers that load batches: DataLoader worker" in line
    assert "killed" in line.lower() or "exited unexpectedly" in line  # torch says the one or the other


def test_no_shared_memory_for_workers_is_one_line(with_workers: Path) -> None:
    (with_workers / "sitecustomize.py").write_text(
        "import torch.multiprocessing.reductions as reductions\n"
        "def full(*arguments):\n"
        "    raise RuntimeError('unable to write to file </torch_1>: No space left on device (28)')\n"
        "reductions.reduce_storage = full\n"
        "import torch.utils.data._utils.worker as worker\n"
        "import torch\n"
        "plain = worker._worker_loop\n"
        "def loop(kind, dataset, *rest):\n"
        "    type(dataset).__getitem__ = full\n"
        "    plain(kind, dataset, *rest)\n"
        "worker._worker_loop = loop\n"
    )
    line = limited(TRAIN, PYTHONPATH=f"{with_workers}:{os.environ.get('PYTHONPATH', '')}")
    assert "No space left on device" in line
    assert "lower optimisation.workers, or set it to 0" in line


def test_too_little_memory_is_one_line(damaged: Path) -> None:
    (damaged / "sitecustomize.py").write_text(
        "import resource, threading\n"
        "import torch, sklearn\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + 10**7, size + 10**7))\n"
    )
    for file in (ATTACKS / "embeddings").iterdir():
        file.unlink()
    line = limited(ATTACK, PYTHONPATH=f"{damaged}:{os.environ.get('PYTHONPATH', '')}")
    assert "memory" in line.lower() or "allocate" in line.lower()
    assert (MODELS / "model.safetensors").exists()


def test_a_worker_that_decodes_and_is_killed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from robust_dml.data import parallel
    from robust_dml.runtime.errors import UserError

    monkeypatch.setattr(parallel, "WORTH_PROCESSES", 1)
    with pytest.raises(UserError, match="packing: one of 2 worker processes was ended, perhaps for memory"):
        list(parallel.map_images(_kill_own_process, range(10), workers=2, title="packing"))


def _kill_own_process(number: int) -> None:
    os.kill(os.getpid(), 9)
