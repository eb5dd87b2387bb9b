"""The jobs of a run under way: a line for each that ends, and the time that the others will take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from statistics import fmean

from robust_dml.config import load_study
from robust_dml.config.resolve import runs
from robust_dml.planning.cost import job_hours

LINES = 12  # of the log of a failed job
SHORT = 3.0  # seconds of a job that neither trains nor attacks, until one has ended
RULES = ("train_model", "attack_model")


@dataclass
class Job:
    """One job as Snakemake announces it; `message` is empty for a target, which does nothing itself."""

    rule: str
    message: str
    log: Path | None
    started: float


@dataclass
class Jobs:
    """Counts the jobs of a run on `cores` cores; the first guess of their time is made from the file `study`."""

    study: Path | None
    cores: int = 1
    total: int = 0
    done: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    running: dict[int, Job] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)

    def plan(self, counts: Mapping[str, int]) -> None:
        """Note how many jobs each rule has."""
        self.counts = {rule: count for rule, count in counts.items() if rule != "total"}
        self.total = sum(self.counts.values())
        self.expected = expected_seconds(self.study) if self.study else {}

    def describe(self, job: int, rule: str, message: str | None, logs: Sequence[str]) -> None:
        """Note what a job is."""
        log = Path(logs[0]) if logs else None
        self.running[job] = Job(rule, message or "", log, time.monotonic())

    def start(self, jobs: Iterable[int]) -> None:
        """Note when jobs begin."""
        for job in set(jobs) & self.running.keys():
            self.running[job].started = time.monotonic()

    def finish(self, job: int) -> str:
        """Return the line of a finished job: what it did, the last line of its log, and its seconds."""
        ended = self.running.pop(job, None)
        self.done += 1
        if ended is None:
            return ""
        seconds = time.monotonic() - ended.started
        self.seconds.setdefault(ended.rule, []).append(seconds)
        self.counts[ended.rule] -= 1
        if not ended.message:
            return ""
        said = last_lines(ended.log, 1)
        return f"{ended.message}: {said[0] if said else 'done'} ({seconds:.0f} s)"

    def fail(self, job: int) -> str:
        """Return what a failed job was, the end of its log, and where all of it is."""
        failed = self.running.pop(job, None)
        if failed is None:
            return ""
        said = "".join(f"\n    {line}" for line in last_lines(failed.log, LINES))
        return f"FAILED {failed.message or failed.rule}{said}\n    whole log: {failed.log}"

    def left(self) -> float | None:
        """Return the seconds until the run ends, by the jobs of each rule that have ended; None before the plan."""
        if not self.total:
            return None
        now = time.monotonic()
        whole = sum(count * self._mean(rule) for rule, count in self.counts.items())
        begun = sum(min(now - job.started, self._mean(job.rule)) for job in self.running.values())
        return (whole - begun) / self.cores

    def _mean(self, rule: str) -> float:
        return fmean(self.seconds[rule]) if rule in self.seconds else self.expected.get(rule, SHORT)


def last_lines(log: Path | None, count: int) -> list[str]:
    """Return the last lines of a log that are not empty; none if there is no log."""
    if log is None or not log.exists():
        return []
    lines = log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").splitlines()
    return [line.strip() for line in lines if line.strip()][-count:]


def expected_seconds(study_file: Path) -> dict[str, float]:
    """Return the mean seconds of a training and of the attacks on a model, by recorded speeds (`robust-dml plan`)."""
    study = load_study(study_file)
    device = "cpu" if study.device == "cpu" else "cuda"
    hours = zip(*(job_hours(study, run, device) for run in runs(study)), strict=True)
    means = {rule: 3600 * fmean(values) for rule, values in zip(RULES, hours, strict=True)}
    return {rule: seconds for rule, seconds in means.items() if isfinite(seconds)}
