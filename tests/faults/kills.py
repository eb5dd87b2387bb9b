"""Kill a run of a study at random moments of chosen stages, go on from what is left, and compare with no kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice, product
from pathlib import Path

from faults.killed_study import contents, half_files, made_again
from faults.processes import jobs, wait_for_end

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
TARGETS = ("snakemake", "job", "group")
PLANNING = "planning"
STAGES = (
    PLANNING,
    *("download", "index", "store", "train", "attack", "score"),
    *("collect", "tables", "figures", "claims", "page", "notebook"),
)
COMMAND = [sys.executable, "-m", "snakemake", "--configfile", "config/ci.yaml", "--cores", "2"]
LATEST_PLANNING = 8  # the number of the last call whose planning is killed
GLANCE = 0.1  # seconds between two looks at the processes


@dataclass(frozen=True)
class Moment:
    """When and how to kill: `share` of its usual time after a job of `stage` was first seen."""

    stage: str
    share: float
    signal: signal.Signals
    target: str


@dataclass(frozen=True)
class Kill:
    """One signal that was sent."""

    signal: str
    target: str
    stage: str
    """The stage for which it was drawn."""
    jobs: tuple[str, ...]
    """The commands of the package that ran when it was sent."""
    seconds: float
    """After the start of the call of Snakemake."""


@dataclass(frozen=True)
class Outcome:
    """The kills that one study survived, the bytes that it ended with, and what went wrong."""

    kills: tuple[Kill, ...]
    contents: dict[str, bytes]
    mistakes: tuple[str, ...]


def draw_moments(count: int, draws: random.Random, stages: tuple[str, ...] = STAGES) -> list[Moment]:
    """Draw moments that are spread evenly over stages, and over signals and targets."""
    ways = list(product(SIGNALS, TARGETS))
    draws.shuffle(ways)
    which = [stage for _ in range(-(-count // len(stages))) for stage in draws.sample(stages, len(stages))]
    pairs = zip(which, islice(cycle(ways), count), strict=False)
    return [Moment(stage, draws.random(), number, target) for stage, (number, target) in pairs]


def undisturbed(folder: Path, *targets: str) -> tuple[dict[str, bytes], dict[str, float]]:
    """Run a study from beginning to end; return its results, and the seconds of the longest job of each stage."""
    call = _Call(folder, targets)
    seen: dict[int, tuple[str, float]] = {}
    seconds: dict[str, float] = defaultdict(float)
    while call.run.poll() is None:
        for pid, stage in jobs(call.run.pid).items():
            _, since = seen.setdefault(pid, (stage, time.monotonic()))
            seconds[stage] = max(seconds[stage], time.monotonic() - since)
        if not seen:
            seconds[PLANNING] = time.monotonic() - call.started
        time.sleep(GLANCE)
    assert call.run.returncode == 0, call.log.read_text()[-3000:]
    return contents(folder), dict(seconds)


def killed(folder: Path, moments: list[Moment], seconds: dict[str, float], *targets: str) -> Outcome:
    """Run the study in `folder`, kill it at each of the moments, and let it end; `seconds` are those of each stage."""
    kills: list[Kill] = []
    mistakes: list[str] = []
    left, call = list(moments), _Call(folder, targets)
    while left:
        moment = call.wait_for_one(left, seconds)
        if moment is not None:
            left.remove(moment)
            kills.append(call.kill(moment))
            mistakes += [f"{kills[-1]}: half a file {path}" for path in half_files(folder)]
        elif call.kills:
            call = _Call(folder, targets)
        else:
            break
    wait_for_end(call.run)
    if call.kills:
        call = _Call(folder, targets)
        wait_for_end(call.run)
    if call.run.returncode:
        mistakes.append(f"after {kills}: {call.log.read_text()[-3000:]}")
    mistakes += [f"made again: {job}" for job in made_again(logs(folder))]
    return Outcome(tuple(kills), contents(folder), tuple(mistakes))


def logs(folder: Path) -> list[str]:
    """Return what the calls of Snakemake in a folder printed, in their order."""
    return [path.read_text(errors="replace") for path in sorted(folder.glob("call-*.log"))]


def _take_interrupts() -> None:
    """Undo what a shell does for a job in the background, which begins with interrupts ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class _Call:
    """One call of Snakemake, after `--unlock` if a kill has left the folder locked."""

    def __init__(self, folder: Path, targets: tuple[str, ...]) -> None:
        if any((folder / ".snakemake/locks").glob("*")):
            subprocess.run([*COMMAND, "--unlock"], cwd=folder, capture_output=True, check=True)
        self.number = len(logs(folder))
        self.log = folder / f"call-{self.number:03d}.log"
        with self.log.open("wb") as log:
            self.run = subprocess.Popen(
                [*COMMAND, *targets],
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_take_interrupts,
            )
        self.started = time.monotonic()
        self.kills = 0

    def wait_for_one(self, moments: list[Moment], seconds: dict[str, float]) -> Moment | None:
        """Wait for the first of the moments and return it; None if the call ends before."""
        while self.run.poll() is None:
            running = set(jobs(self.run.pid).values())
            for moment in moments:
                if self._has_come(moment, running):
                    with suppress(subprocess.TimeoutExpired):
                        self.run.wait(moment.share * seconds.get(moment.stage, 1.0))
                    return moment if self.run.poll() is None else None
            time.sleep(GLANCE)
        return None

    def _has_come(self, moment: Moment, running: set[str]) -> bool:
        if moment.stage == PLANNING:
            return not running and self.number >= LATEST_PLANNING * moment.share
        return moment.stage in running

    def kill(self, moment: Moment) -> Kill:
        """Send the signal to Snakemake, to the job or to all, and wait until what must end has ended."""
        running = jobs(self.run.pid)
        chosen = [pid for pid, stage in running.items() if stage == moment.stage] or list(running)
        target = moment.target if chosen or moment.target == "group" else "snakemake"
        kill = Kill(moment.signal.name, target, moment.stage, tuple(sorted(set(running.values()))), self.seconds())
        with suppress(ProcessLookupError):  # it may have ended since
            if target == "group":
                os.killpg(self.run.pid, moment.signal)
            else:
                os.kill(chosen[0] if target == "job" else self.run.pid, moment.signal)
        self.kills += 1
        if target != "job":
            wait_for_end(self.run)
        return kill

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return round(time.monotonic() - self.started, 1)
