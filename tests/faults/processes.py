"""The processes of a run of Snakemake, read from /proc: which of them is a job of the package, and of which stage."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from subprocess import Popen

ENDING = 300.0  # seconds for what a kill has left running


def members(leader: int) -> list[int]:
    """Return the processes of the session that `leader` began, but for those that have ended; the oldest first."""
    pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    found = [(_started(pid), pid) for pid in pids if _session(pid) == leader]
    return [pid for started, pid in sorted(found) if started]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _started(pid: int) -> int:
    """Return when a process began, in ticks since the machine did; 0 if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def jobs(leader: int) -> dict[int, str]:
    """Return the processes of a session that run a command of the package, such as `train`, with that command."""
    stages = {pid: _stage(pid) for pid in members(leader) if pid != leader}
    return {pid: stage for pid, stage in stages.items() if stage}


def _stage(pid: int) -> str:
    """Return the command of the package that a process runs; empty if it runs none."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return words[words.index("robust_dml") + 1] if "robust_dml" in words[:-1] else ""


def wait_for_end(run: Popen[bytes]) -> None:
    """Wait until nothing of a session is left; jobs may outlive a Snakemake that was killed. Kill what does not end."""
    until = time.monotonic() + ENDING
    while (run.poll() is None or members(run.pid)) and time.monotonic() < until:
        time.sleep(0.1)
    for pid in members(run.pid):
        os.kill(pid, signal.SIGKILL)
    run.wait()
