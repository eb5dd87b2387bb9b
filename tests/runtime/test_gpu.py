"""Jobs on one machine take different GPUs."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from robust_dml.runtime import gpu
from robust_dml.runtime.hardware import take_device

CLAIM = """
import sys
from pathlib import Path
from robust_dml.runtime import gpu
from robust_dml.runtime.hardware import take_device
print(gpu.claim(["a", "b"], Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class Job:
    """A process that claims one of two GPUs and holds it until it is ended."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", CLAIM, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_two_jobs_get_two_gpus_and_a_killed_one_leaves_its_own(tmp_path: Path) -> None:
    first, second = Job(tmp_path), Job(tmp_path)
    taken = {first.answer(), second.answer()}
    assert taken == {"0", "1"}
    first.kill()
    third = Job(tmp_path)
    second.kill()
    assert third.answer() in taken
    third.kill()


def test_a_job_waits_while_all_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "POLL_SECONDS", 0.05)
    holders = [Job(tmp_path), Job(tmp_path)]
    answers = [job.answer() for job in holders]
    timer = threading.Timer(0.3, holders[1].kill)
    timer.start()
    assert gpu.claim(["a", "b"], tmp_path) == int(answers[1])
    timer.join()
    assert "waiting: other jobs hold all 2 GPUs" in capsys.readouterr().err
    holders[0].kill()


def test_a_process_keeps_the_gpu_it_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    properties = [SimpleNamespace(uuid="a"), SimpleNamespace(uuid="b")]
    chosen: list[int] = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.get_device_properties", properties.__getitem__)
    monkeypatch.setattr("torch.cuda.set_device", chosen.append)
    monkeypatch.setattr(gpu, "LOCKS", tmp_path)
    monkeypatch.setattr(gpu, "claim_gpu", cache(gpu.claim_gpu.__wrapped__))
    other = Job(tmp_path)
    free = 1 - int(other.answer())
    assert [take_device("cuda"), take_device("auto"), take_device("cpu")] == [f"cuda:{free}", f"cuda:{free}", "cpu"]
    assert chosen == [free]
    other.kill()
