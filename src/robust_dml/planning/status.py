"""Which jobs of a study are done, running and left, and how long the rest takes, estimated from recorded runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from robust_dml.config import Run, Study
from robust_dml.config.digests import score_digest, training_digest
from robust_dml.config.evaluation import result_labels
from robust_dml.config.paths import (
    MODEL_FILES,
    SCORE_FILES,
    STATE,
    attack_folder,
    attacked_path,
    model_folder,
    threat_path,
)
from robust_dml.config.resolve import epochs_of, runs
from robust_dml.data.paths import STORE_RECORD, archive_paths, index_path, store_folder, store_paths
from robust_dml.evaluation.origin import read_header
from robust_dml.evaluation.planned import attack_digests
from robust_dml.report.catalogue import report_files
from robust_dml.runtime.files import read_json
from robust_dml.training.state_files import PATTERN, place_of

Stage = Literal["train", "attack", "score"]
Condition = Literal["done", "outdated", "running", "stopped", "left"]
STAGES: tuple[Stage, ...] = ("train", "attack", "score")
CONDITIONS: tuple[Condition, ...] = ("done", "outdated", "running", "stopped", "left")
LOGS = Path("logs")
RULES = {"train": "train_model", "attack": "attack_model", "score": "score_model"}
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
        """Return how many jobs of a stage are in a condition."""
        return sum((job.stage, job.condition) == (stage, condition) for job in self.jobs)

    @cached_property
    def left(self) -> list[Job]:
        """Every job that is not done."""
        return [job for job in self.jobs if job.condition != "done"]

    def seconds_left(self) -> tuple[float, int]:
        """Return the time of the jobs that are left, one after another, and how many of them cannot be estimated."""
        known = [(job, seconds) for job in self.left if (seconds := self._expected(job)) is not None]
        return sum(seconds * (1 - job.share) for job, seconds in known), len(self.left) - len(known)

    def _expected(self, job: Job) -> float | None:
        """Return the mean time of the most similar finished jobs: same model, else same training, else same dataset."""
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
    """Return the status of a study, from its files."""
    jobs = [job for run in runs(study) for job in _jobs_of(study, run)]
    stores = [path for dataset in study.datasets.values() for path in store_paths(dataset, study.data_root)]
    return Status(tuple(jobs), _existing(stores), _existing(report_files(study)))


def finished(study: Study) -> dict[str, int]:
    """Return how many jobs of each rule that a plan counts are done."""
    datasets = study.datasets.values()
    archives = [path for config in datasets for path in archive_paths(config, study.data_root, study.sources)]
    indices = [index_path(config, study.data_root) for config in datasets]
    stores = [store_folder(config, study.data_root) / STORE_RECORD for config in datasets]
    threats = [threat_path(study.name, run, name) for run in runs(study) for name in study.threats]
    files = {"download_archive": archives, "build_index": indices, "build_store": stores, "measure_threat": threats}
    found = status(study)
    trained, attacked = (found.count(stage, "done") for stage in ("train", "attack"))
    return {
        **{rule: _existing(paths)[0] for rule, paths in files.items()},
        "train_model": trained,
        "attack_model": attacked,
    }


def _existing(paths: Iterable[Path]) -> tuple[int, int]:
    found = [path.exists() for path in dict.fromkeys(paths)]
    return sum(found), len(found)


def _jobs_of(study: Study, run: Run) -> Iterator[Job]:
    """Yield the jobs of one model; what comes after an outdated job is outdated too."""
    outdated = False
    for stage in STAGES:
        job = _job(study, run, stage)
        if outdated and job.condition == "done":
            job = replace(job, condition="outdated")
        outdated = outdated or job.condition != "done"
        yield job


def _job(study: Study, run: Run, stage: Stage) -> Job:
    log = LOGS / study.name / RULES[stage] / run.path.with_suffix(".log")
    complete = all(path.exists() for path in _outputs(study, run, stage))
    if _alive(log) and not complete:
        return Job(stage, run, "running", share=_share(study, run, stage))
    if complete:
        condition: Condition = "done" if _fits(study, run, stage) else "outdated"
        return Job(stage, run, condition, seconds=_duration(study, run, stage, log))
    begun = (STATE / study.name / stage / run.path).is_dir()
    return Job(stage, run, "stopped" if begun else "left", share=_share(study, run, stage))


def _alive(log: Path) -> bool:
    return log.exists() and time.time() - log.stat().st_mtime < ALIVE


def _outputs(study: Study, run: Run, stage: Stage) -> list[Path]:
    """Return what a job leaves."""
    if stage == "train":
        return [model_folder(study.name, run) / name for name in MODEL_FILES]
    if stage == "attack":
        return [attacked_path(study.name, run, digest) for digest in attack_digests(study).values()]
    names = [*(f"{label}.json" for label in result_labels(study)), *SCORE_FILES]
    return [attack_folder(study.name, run) / name for name in names]


def _fits(study: Study, run: Run, stage: Stage) -> bool:
    """Return whether a finished job was made with the present settings and code, from the present model."""
    if stage == "train":
        return _record(study, run, stage).get("digest") == training_digest(study, run)
    if stage == "score":
        return _record(study, run, stage).get("digest") == score_digest(study, run)
    model_sha256 = _record(study, run, "train").get("model_sha256")
    origins = [read_header(path) for path in _outputs(study, run, stage)]
    return all(origin is not None and origin.model_sha256 == model_sha256 for origin in origins)


def _record(study: Study, run: Run, stage: Stage) -> dict[str, Any]:
    """Return run.json of a model or of its scores; empty if it is absent or damaged."""
    folder = model_folder(study.name, run) if stage == "train" else attack_folder(study.name, run)
    try:
        record: dict[str, Any] = read_json(folder / "run.json")
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _duration(study: Study, run: Run, stage: Stage, log: Path) -> float:
    """Return the seconds from start to end as the workflow recorded them, else those that the job itself counted."""
    benchmark = log.with_suffix(".tsv")
    if benchmark.exists():
        heads, values = benchmark.read_text(encoding="utf-8").splitlines()[:2]
        return float(dict(zip(heads.split("\t"), values.split("\t"), strict=True))["s"])
    if stage == "train":
        return float(_record(study, run, stage).get("totals", {}).get("seconds", 0.0))
    if stage == "score":
        return 0.0
    headers = [read_header(path) for path in _outputs(study, run, stage)]
    return sum(header.seconds for header in headers if header is not None)


def _share(study: Study, run: Run, stage: Stage) -> float:
    """Return how much of a job's work is saved."""
    if stage != "train":
        found = [path.exists() for path in _outputs(study, run, stage)]
        return sum(found) / len(found)
    folder = STATE / study.name / stage / run.path
    states = sorted(folder.glob(f"*/{PATTERN}"), key=lambda path: path.stat().st_mtime)
    return place_of(states[-1])[0] / max(1, epochs_of(study, run)) if states else 0.0
