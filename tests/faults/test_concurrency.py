"""Two at one thing: the second is refused with a line, and the first ends as if it were alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checkout import ROOT, copy_checkout, run_snakemake
from faults.pipeline import FILE, MODEL, MODELS, names_of
from repository import make_repository, run
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.locks import only_one

HOLD = """
import sys, time
from pathlib import Path
from robust_dml.runtime.locks import only_one
with only_one(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    time.sleep(600)
"""


def hold(lock: Path) -> subprocess.Popen[str]:
    """Start a process that holds a lock."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    return holder


@pytest.mark.parametrize("stage", ["train", "attack"])
def test_a_second_job_on_one_model_is_refused(damaged: Path, stage: str) -> None:
    before = (MODELS / "model.safetensors").read_bytes()
    holder = hold(Path("state/ci", stage, MODEL.path, "lock"))
    try:
        words = [sys.executable, "-m", "robust_dml", stage, FILE, *names_of(MODEL)]
        second = subprocess.run(words, capture_output=True, text=True)
    finally:
        holder.kill()
        holder.wait()
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert "another process works on it" in line and "wait for it, or stop it" in line
    assert (MODELS / "model.safetensors").read_bytes() == before


def test_two_trainings_at_once_leave_the_model_of_one(damaged: Path) -> None:
    expected = (MODELS / "model.safetensors").read_bytes()
    shutil.rmtree(MODELS)
    shutil.rmtree("state")
    words = [sys.executable, "-m", "robust_dml", "train", FILE, *names_of(MODEL)]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(process.communicate()[1], process.returncode) for process in both]
    assert 0 in [code for _, code in ended]
    assert all(code == 0 or "another process works on it" in text for text, code in ended)
    assert (MODELS / "model.safetensors").read_bytes() == expected


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    holder = hold(tmp_path / "lock")
    with pytest.raises(UserError, match="it: another process works on it"), only_one(tmp_path / "lock", "it"):
        pass
    holder.kill()
    holder.wait()
    with only_one(tmp_path / "lock", "it"):
        pass
    assert not (tmp_path / "lock").exists()


def test_a_worker_process_keeps_no_lock_of_its_parent(tmp_path: Path) -> None:
    code = HOLD.replace("time.sleep(600)", "import os\n    if os.fork() == 0:\n        time.sleep(5)\n    os._exit(0)")
    ended = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "lock")])
    assert ended.wait() == 0
    with only_one(tmp_path / "lock", "it"):
        pass


def test_two_folders_cannot_be_filled_at_once(tmp_path: Path) -> None:
    from robust_dml.runtime.files import filling

    holder = hold(tmp_path / "store.lock")
    with pytest.raises(UserError, match="store: another process works on it"), filling(tmp_path / "store"):
        pass
    holder.kill()
    holder.wait()


def test_pull_during_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/locks/0.input.lock").touch()
    ended = subprocess.run(
        [sys.executable, str(ROOT / "workflow/scripts/pull.py"), "ci"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("pull: snakemake runs in this folder")


@pytest.mark.slow
def test_dvc_repro_during_a_run_is_refused(tmp_path: Path) -> None:
    folder = make_repository(copy_checkout(tmp_path))
    locks = folder / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/ci/data/digits.csv\n")  # as a run that makes it leaves it
    ended = run(folder, "dvc", "repro", "data@ci")
    output = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "cannot be locked" in output and "failed to reproduce 'data@ci'" in output
    assert "Traceback" not in output
    assert not (folder / "data").exists() and "data@ci" not in (folder / "dvc.lock").read_text()


GATED = """
from pathlib import Path

import numpy as np
from PIL import Image


def gated(folder):
    \"\"\"Ten classes of two images, once the gate was opened and closed.\"\"\"
    Path("gate").read_bytes()
    for label in range(10):
        (folder / str(label)).mkdir()
        for number in range(2):
            grey = np.full((8, 8, 3), 20 * label + number, np.uint8)
            Image.fromarray(grey).save(folder / str(label) / f"{number}.png")
"""


@pytest.fixture
def gated_checkout(tmp_path: Path) -> Path:
    """A checkout whose dataset is not made before somebody opens and closes its gate, a pipe."""
    (tmp_path / "checkout").mkdir()
    folder = copy_checkout(tmp_path / "checkout")
    os.mkfifo(folder / "gate")
    (folder / "config/mine.py").write_text(GATED)
    study = folder / "config/ci.yaml"
    study.write_text(study.read_text().replace("kind: digits", "kind: mine:gated"))
    return folder


def opened(gate: Path, reader: subprocess.Popen[bytes]) -> int:
    """Open a pipe for writing as soon as somebody reads it."""
    while True:
        assert reader.poll() is None, "it ended before it came to the gate"
        try:
            return os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)


def test_a_second_snakemake_is_refused(gated_checkout: Path) -> None:
    words = [sys.executable, "-m", "snakemake", "--configfile", "config/ci.yaml", "--cores", "1", "data"]
    first = subprocess.Popen(words, cwd=gated_checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    gate = opened(gated_checkout / "gate", first)
    second = run_snakemake(gated_checkout, "data")
    os.close(gate)
    assert first.wait() == 0
    assert second.returncode != 0 and "cannot be locked" in second.stdout + second.stderr
