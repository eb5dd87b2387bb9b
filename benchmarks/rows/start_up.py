"""The start-up cost of a job: whole jobs of the smallest study, whose work is a fraction of a second."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row, figures
from benchmarks.turns import spread

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "config" / "ci.yaml"
MODEL = ["--dataset", "digits", "--loss", "triplet", "--training", "natural", "--seed", "0"]
PREPARE = [["index", "--dataset", "digits"], ["store", "--dataset", "digits"]]
OTHERS = [["train", *MODEL[:5], "robust-anchor", *MODEL[6:]], ["attack", *MODEL[:5], "robust-anchor", *MODEL[6:]]]
JOBS = {
    "train": (["train", *MODEL], 3.5),
    "attack": (["attack", *MODEL], 3.5),
    "collect": (["collect"], 1.5),
    "tables": (["tables", "--reported", str(ROOT / "config" / "reported.csv")], 1.5),
    "one figure": (["figures", "--only", "curves"], 1.5),
    "status": (["status"], 1.5),
}
RELEASED = """
import torch, torchvision, faiss, pytorch_metric_learning.losses, pytorch_metric_learning.miners
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
"""


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for arguments in [*PREPARE, JOBS["train"][0], *OTHERS[:1], JOBS["attack"][0], *OTHERS[1:]]:
            seconds_of(command(arguments), folder)
        commands = {job: command(arguments) for job, (arguments, _) in JOBS.items()}
        bare = {"import torch": [sys.executable, "-c", "import torch"]}
        stack = {"imports of the released code": [sys.executable, "-c", RELEASED]}
        seconds: dict[str, list[float]] = {job: [] for job in {**bare, **stack, **commands}}
        for _ in range(1 if quick else 5):
            for job, words in {**bare, **stack, **commands}.items():
                seconds[job].append(seconds_of(words, folder))
    for job, measured in seconds.items():
        limit = JOBS[job][1] if job in JOBS else None
        found = spread(measured)
        values = {"seconds": round(found["median"], 2), "least": round(found["least"], 2)}
        goal = f"{limit:g} s or less" if limit else ""
        yield figures(f"start-up: {job}", values, goal=goal, met=found["median"] <= limit if limit else None)


def command(arguments: list[str]) -> list[str]:
    """Return a command of robust-dml on the smallest study, on one core as the workflow runs it."""
    return [sys.executable, "-m", "robust_dml", arguments[0], str(STUDY), *arguments[1:]]


def seconds_of(words: list[str], folder: Path) -> float:
    """Return the time of a process in `folder`; raises RuntimeError with what it said if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    started = time.perf_counter()
    found = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if found.returncode:
        raise RuntimeError(f"{' '.join(words)}: {found.stderr}")
    return seconds
