"""What of a study is done, under way and left, and how long the rest takes by the runs that are recorded."""

from __future__ import annotations

import json
import statistics
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from robust_dml.config import Run, Study, attack_settings, training_settings
from robust_dml.config.paths import STATE, attack_folder, model_folder
from robust_dml.config.resolve import optimisation_of, runs
from robust_dml.data.paths import store_paths
from robust_dml.report.catalogue import report_files
from robust_dml.runtime.files import read_json

Stage = Literal["train", "attack"]
Condition = Literal["done", "outdated", "running", "stopped", "left"]
STAGES: tuple[Stage, ...] = ("train", "attack")
CONDITIONS: tuple[Condition, ...] = ("done", "outdated", "running", "stopped", "left")
LOGS = Path("logs")
RULES = {"train": "train_model", "attack": "attack_model"}
ALIVE = 120.0  # seconds without a line in the log after which a job counts as stopped


@dataclass(frozen=True)
class Job:
    """One training or the attacks on one model."""

    stage: Stage
    run: Run
    condition: Condition
    seconds: float | None = None
    share: float = 0.0

    @property
    def name(self) -> str:
        """Its stage and its model."""
        return f"{self.stage} {self.run.path}"


@dataclass(frozen=True)
class Status:
    """The jobs of a study, and how many files of its data and of its report exist."""

    jobs: tuple[Job, ...]
    data: tuple[int, int]
    report: tuple[int, int]

    def count(self, stage: Stage, condition: Condition) -> int:
        """How many jobs of a stage are in a condition."""
        return sum((job.stage, job.condition) == (stage, condition) for job in self.jobs)

    @cached_property
    def left(self) -> list[Job]:
        """Every job that is not done."""
        return [job for job in self.jobs if job.condition != "done"]

    def seconds_left(self) -> tuple[float, int]:
        """The time of the jobs that are left, one after another, and how many no recorded run tells of."""
        known = [(job, seconds) for job in self.left if (seconds := self._expected(job)) is not None]
        return sum(seconds * (1 - job.share) for job, seconds in known), len(self.left) - len(known)

    def _expected(self, job: Job) -> float | None:
        """The mean time of the most similar jobs that are done: same model, else same training, else same dataset."""
        done = [other for other in self.jobs if other.stage == job.stage and other.seconds is not None]
        run = job.run
        for alike in (
            [o for o in done if (o.run.dataset, o.run.loss, o.run.training) == (run.dataset, run.loss, run.training)],
            [o for o in done if (o.run.dataset, o.run.training) == (run.dataset, run.training)],
            [o for o in done if o.run.dataset == run.dataset],
        ):
            if alike:
                return statistics.fmean(other.seconds or 0.0 for other in alike)
        return None


def status(study: Study) -> Status:
    """Look at the files of a study."""
    jobs = [_job(study, run, stage) for stage in STAGES for run in runs(study)]
    stores = [path for dataset in study.datasets.values() for path in store_paths(dataset, study.data_root)]
    return Status(tuple(jobs), _existing(stores), _existing(report_files(study)))


def _existing(paths: Iterable[Path]) -> tuple[int, int]:
    found = [path.exists() for path in dict.fromkeys(paths)]
    return sum(found), len(found)


def _job(study: Study, run: Run, stage: Stage) -> Job:
    log = LOGS / study.name / RULES[stage] / run.path.with_suffix(".log")
    if _alive(log) and not _complete(study, run, stage):
        return Job(stage, run, "running", share=_share(study, run, stage))
    if _complete(study, run, stage):
        return Job(stage, run, _fresh(study, run, stage), seconds=_duration(study, run, stage, log))
    begun = (STATE / study.name / stage / run.path).is_dir()
    return Job(stage, run, "stopped" if begun else "left", share=_share(study, run, stage))


def _alive(log: Path) -> bool:
    return log.exists() and time.time() - log.stat().st_mtime < ALIVE


def _complete(study: Study, run: Run, stage: Stage) -> bool:
    if stage == "train":
        return all((model_folder(study.name, run) / n).exists() for n in ("model.safetensors", "run.json"))
    names = [*(f"{name}.json" for name in study.attack_names()), "checks.json", "run.json"]
    return all((attack_folder(study.name, run) / name).exists() for name in names)


def _record(study: Study, run: Run, stage: Stage) -> dict[str, Any]:
    folder = model_folder(study.name, run) if stage == "train" else attack_folder(study.name, run)
    record: dict[str, Any] = read_json(folder / "run.json")
    return record


def _fresh(study: Study, run: Run, stage: Stage) -> Condition:
    """Is a finished job's record that of the present settings?"""
    wanted = (training_settings if stage == "train" else attack_settings)(study, run)
    return "done" if _record(study, run, stage)["settings"] == wanted else "outdated"


def _duration(study: Study, run: Run, stage: Stage, log: Path) -> float:
    """Seconds from start to end as the workflow recorded them, else those that the job itself counted."""
    benchmark = log.with_suffix(".tsv")
    if benchmark.exists():
        heads, values = benchmark.read_text(encoding="utf-8").splitlines()[:2]
        return float(dict(zip(heads.split("\t"), values.split("\t"), strict=True))["s"])
    record = _record(study, run, stage)
    if stage == "train":
        return float(record["totals"]["seconds"])
    return float(sum(attack["seconds"] for attack in record["attacks"].values()))


def _share(study: Study, run: Run, stage: Stage) -> float:
    """How much of a job's work its saved state holds."""
    folder = STATE / study.name / stage / run.path
    if stage == "attack":
        results = [attack_folder(study.name, run) / f"{name}.json" for name in study.attack_names()]
        return sum(path.exists() for path in results) / len(results)
    states = sorted(folder.glob("*/state.safetensors"), key=lambda path: path.stat().st_mtime)
    if not states:
        return 0.0
    return _epochs(states[-1]) / optimisation_of(study, run).epochs


def _epochs(state: Path) -> int:
    """The finished epochs that the header of a training's state tells of (8 bytes of length, then JSON)."""
    with state.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return int(json.loads(header["__metadata__"]["position"])["epoch"])
