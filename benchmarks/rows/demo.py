"""The whole demo on two cores: where its seconds go."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.row import Row, figures

ROOT = Path(__file__).parents[2]
SOURCES = ("workflow", "profiles", "config", "src", "notebooks", "environment.yml")
CORES = 2
GOAL = 480
OVERHEAD = 1.0


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row for the run and one per rule."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in SOURCES:
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, folder / source)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        run(folder)
        seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        jobs = finished_jobs(folder)
        worked = work_of(folder)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    yield figures(
        f"the whole demo on {CORES} cores",
        {"seconds": round(seconds), "jobs": len(jobs), "cores busy": f"{cpu / CORES / seconds:.0%}"},
        goal=f"{GOAL} s or less",
        met=seconds <= GOAL,
    )
    yield from _by_rule(jobs, worked)


def run(folder: Path) -> None:
    """Snakemake on the demo in a copy of the project; raises RuntimeError with the end of its log if it fails."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/demo.yaml", "--cores", str(CORES)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PATH": path}
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if found.returncode:
        raise RuntimeError(found.stderr[-4000:])


def finished_jobs(folder: Path) -> list[dict[str, Any]]:
    """Return rule, log and seconds of each job, from Snakemake's record of its outputs."""
    jobs = {}
    for file in (folder / ".snakemake" / "metadata").iterdir():
        entry = json.loads(file.read_text(encoding="utf-8"))
        if entry.get("endtime"):
            key = (entry["rule"], tuple(entry["log"]))
            seconds = entry["endtime"] - entry["starttime"]
            jobs[key] = {"rule": entry["rule"], "log": entry["log"], "seconds": seconds}
    return list(jobs.values())


def work_of(folder: Path) -> dict[str, float]:
    """Return seconds per rule that trainings and attacks themselves report."""
    found = {"train_model": 0.0, "attack_model": 0.0}
    for file in folder.glob("results/demo/models/**/run.json"):
        found["train_model"] += json.loads(file.read_text(encoding="utf-8"))["totals"]["seconds"]
    for file in folder.glob("results/demo/attacks/**/run.json"):
        attacks = json.loads(file.read_text(encoding="utf-8"))["attacks"].values()
        found["attack_model"] += sum(attack["seconds"] for attack in attacks)
    return found


def _by_rule(jobs: list[dict[str, Any]], worked: dict[str, float]) -> Iterator[Row]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for job in jobs:
        seconds[job["rule"]].append(job["seconds"])
    for rule, each in sorted(seconds.items(), key=lambda item: -sum(item[1])):
        values: dict[str, Any] = {"jobs": len(each), "seconds": round(sum(each), 1), "longest": round(max(each), 1)}
        if worked.get(rule):
            values["steps or attacks"] = round(worked[rule], 1)
            values["the rest, per job"] = round((sum(each) - worked[rule]) / len(each), 2)
        yield figures(f"demo: {rule}", values)
