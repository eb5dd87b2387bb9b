"""Kills a run of the ci study at random moments, and goes on from what is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checkout import copy_checkout

RESULTS = Path("results/ci")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
TARGETS = ("snakemake", "job", "group")
SAME = ("metrics.csv", "metrics.json", "claims.json", "data/*.csv", "tables/*.csv", "models/**/model.safetensors")
COMMAND = [sys.executable, "-m", "snakemake", "--configfile", "config/ci.yaml", "--cores", "2"]
ENDING = 120.0  # seconds for what a kill has left running
JOB = b"robust_dml"


@dataclass(frozen=True)
class Kill:
    """One signal to a run: whom it met, when, and whether the run ended before."""

    signal: str
    target: str
    seconds: float
    job: str
    """The command of the package that ran at that moment; empty between jobs."""


@dataclass(frozen=True)
class Outcome:
    """The kills that one study survived, and the bytes that it ended with."""

    kills: tuple[Kill, ...]
    contents: dict[str, bytes]
    mistakes: tuple[str, ...]


def undisturbed(folder: Path, *targets: str) -> dict[str, bytes]:
    """Run the ci study in `folder` from beginning to end; return the files that must be the same after any kill."""
    folder.mkdir(parents=True)
    copy_checkout(folder)
    ended = subprocess.run([*COMMAND, *targets], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return contents(folder)


def killed(folder: Path, draws: random.Random, kills: int, *targets: str, longest: float = 22.0) -> Outcome:
    """Run the ci study in `folder`, kill it at up to `kills` random moments, go on after each, and let it end.

    A kill comes 2 to `longest` seconds after the start of a call.
    """
    folder.mkdir(parents=True)
    copy_checkout(folder)
    done: list[Kill] = []
    mistakes: list[str] = []
    for _ in range(kills):
        kill = _run_and_kill(folder, draws, targets, longest)
        if kill is None:
            break
        done.append(kill)
        mistakes += [f"{kill}: half a file {path}" for path in half_files(folder)]
        mistakes += _unlock(folder)
    ended = subprocess.run([*COMMAND, *targets], cwd=folder, capture_output=True, text=True)
    if ended.returncode:
        mistakes.append(f"after {done}: {ended.stdout[-2000:]} {ended.stderr[-2000:]}")
    return Outcome(tuple(done), contents(folder), tuple(mistakes))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the results that depend on no clock."""
    found = sorted(path for pattern in SAME for path in (folder / RESULTS).glob(pattern))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def half_files(folder: Path) -> Iterator[Path]:
    """Yield results that are not whole: an empty file, or JSON without its end."""
    for path in (folder / RESULTS).rglob("*.json"):
        if path.parts[-2] not in ("digests",) and not path.read_bytes().endswith(b"}\n"):
            yield path
    yield from (path for path in (folder / RESULTS).rglob("*.safetensors") if path.stat().st_size == 0)


def _run_and_kill(folder: Path, draws: random.Random, targets: tuple[str, ...], longest: float) -> Kill | None:
    """Kill one call at a random moment; None if it ended before."""
    number, target, wait = draws.choice(SIGNALS), draws.choice(TARGETS), draws.uniform(2.0, longest)
    with (folder / "output.log").open("ab") as log:
        run = subprocess.Popen([*COMMAND, *targets], cwd=folder, stdout=log, stderr=log, start_new_session=True)
    started = time.monotonic()
    try:
        run.wait(wait)
        return None
    except subprocess.TimeoutExpired:
        pass
    jobs = [pid for pid in members(run.pid) if pid != run.pid and JOB in _command(pid)]
    job = next((_command(pid) for pid in jobs), b"").replace(b"\0", b" ").decode(errors="replace")
    _send(run.pid, number, target, jobs)
    _wait_for_end(run)
    return Kill(number.name, target, round(time.monotonic() - started, 1), _short(job))


def _send(leader: int, number: signal.Signals, target: str, jobs: list[int]) -> None:
    try:
        if target == "group":
            os.killpg(leader, number)
        elif target == "job" and jobs:
            os.kill(jobs[-1], number)
        else:
            os.kill(leader, number)
    except ProcessLookupError:
        pass


def _wait_for_end(run: subprocess.Popen[bytes]) -> None:
    """Wait until nothing of the run is left; jobs may outlive a Snakemake that was killed."""
    until = time.monotonic() + ENDING
    try:
        run.wait(ENDING)
    except subprocess.TimeoutExpired:
        run.kill()
        run.wait()
    while members(run.pid) and time.monotonic() < until:
        time.sleep(0.2)
    for pid in members(run.pid):
        os.kill(pid, signal.SIGKILL)


def _unlock(folder: Path) -> list[str]:
    """Free the folder, the one command that a kill may need."""
    if not any((folder / ".snakemake/locks").glob("*")):
        return []
    ended = subprocess.run([*COMMAND, "--unlock"], cwd=folder, capture_output=True, text=True)
    return [f"unlock: {ended.stderr[-500:]}"] if ended.returncode else []


def members(leader: int) -> list[int]:
    """Return the processes of a session, by /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[3]) == leader:
            found.append(int(folder.name))
    return sorted(found)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _short(command: str) -> str:
    """The command of the package in a command line, such as `train`."""
    words = command.split()
    return words[words.index("robust_dml") + 1] if "robust_dml" in words[:-1] else ""
