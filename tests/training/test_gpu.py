"""Jobs on one machine take different GPUs."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from robust_dml.training import gpu

CLAIM = """
import sys
from pathlib import Path
from robust_dml.training import gpu
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
