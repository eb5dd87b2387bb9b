"""What a study costs before it runs: jobs, hours, disk and downloads, from recorded speeds (speeds.csv).

Hours are arithmetic (passes.py) divided by a speed that was measured or published; where there is neither, the hours
are NaN and are printed as "not measured". Loading images, metrics and tables are not counted: they take minutes.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from robust_dml.config import Run, Study
from robust_dml.config.data import DatasetConfig
from robust_dml.config.resolve import backbone_of, optimisation_of, runs
from robust_dml.data.archives.sources import Archive, Source, load_source
from robust_dml.data.paths import data_folder, store_folder
from robust_dml.planning.passes import attack_passes, forward_gflop, images_of, training_passes

Stage = Literal["train", "attack"]

SPEEDS = Path(__file__).with_name("speeds.csv")
GIB = 2**30
DAY = 24 * 60
UNKNOWN_MB = 16_000  # images being read by the workers, and what GPU libraries take of the host
SHORT_TO_LONG = 4 / 3  # sides of a typical photograph


@dataclass(frozen=True)
class DataCost:
    """One dataset; NaN where its table of sources gives no size."""

    images: int | None
    download_gib: float
    unpacked_gib: float
    packed_gib: float


@dataclass(frozen=True)
class Cost:
    """A whole study. Hours are those of one GPU, or of one CPU as speeds.csv names it, working alone."""

    models: int
    train_hours: Mapping[str, float]
    attack_hours: Mapping[str, float]
    data: Mapping[str, DataCost]
    weights_gib: float

    @property
    def gpu_hours(self) -> float:
        """Training and attacks on one GPU."""
        return self.train_hours["cuda"] + self.attack_hours["cuda"]

    @property
    def cpu_hours(self) -> float:
        """Training and attacks on the CPU."""
        return self.train_hours["cpu"] + self.attack_hours["cpu"]

    @property
    def download_gib(self) -> float:
        """Archives whose size is known, and pre-trained weights."""
        return _known(data.download_gib for data in self.data.values()) + self.weights_gib

    @property
    def disk_gib(self) -> float:
        """Archives, unpacked and packed images, weights."""
        parts = ((data.download_gib, data.unpacked_gib, data.packed_gib) for data in self.data.values())
        return _known(size for sizes in parts for size in sizes) + self.weights_gib


def estimate(study: Study) -> Cost:
    """Return the cost of a study, finished parts included."""
    hours = {device: [job_hours(study, run, device) for run in runs(study)] for device in ("cuda", "cpu")}
    pretrained = {b.record.imagenet for b in study.backbones.values() if b.weights == "imagenet"}
    return Cost(
        models=sum(1 for _ in runs(study)),
        train_hours={device: sum(train for train, _ in jobs) for device, jobs in hours.items()},
        attack_hours={device: sum(attack for _, attack in jobs) for device, jobs in hours.items()},
        data={name: data_cost(study, config) for name, config in study.datasets.items()},
        weights_gib=sum(weights.size for weights in pretrained if weights is not None) / GIB,
    )


def job_hours(study: Study, run: Run, device: str) -> tuple[float, float]:
    """Return the hours to train and to attack one model on `device` (cuda or cpu); NaN where no speed is recorded."""
    dataset = study.datasets[run.dataset]
    backbone = backbone_of(study, run)[1]
    gflop = forward_gflop(backbone, dataset.transform.size)
    images = images_of(dataset, known_images(study, dataset))
    if gflop is None or images is None:
        return math.nan, math.nan
    start = speed(device, "job", "")
    if gflop == 0:  # pixels: their search is not counted for any model, and there is nothing else
        return start / 3600, start / 3600
    per_hour = 3600 / gflop
    training = speed(device, backbone.measured_as, optimisation_of(study, run).precision)
    attacking = speed(device, f"attack of {backbone.measured_as}", "fp32")
    if math.isnan(attacking):
        attacking = speed(device, backbone.measured_as, "fp32")
    return (
        start / 3600 + training_passes(study, run, images) / (training * per_hour),
        start / 3600 + attack_passes(study, run, images) / (attacking * per_hour),
    )


def job_minutes(study: Study, run: Run, stage: Stage) -> int:
    """Return the requested minutes: twice the estimate plus 30, at most one day; one day if there is no estimate.

    Few clusters give more than a day, and a job that runs out of time continues when it is submitted again.
    """
    hours = job_hours(study, run, device_of(study))[stage == "attack"]
    return DAY if math.isnan(hours) else min(DAY, 30 + math.ceil(120 * hours))


def job_memory_mb(study: Study, run: Run, stage: Stage) -> int:
    """Return the requested memory: twice that of an idle job, and on a CPU that of the images processed at once."""
    memory = 2 * speed("cpu", "memory of a job", "")
    backbone = backbone_of(study, run)[1]
    per_image = speed("cpu", f"memory of {backbone.measured_as}", "fp32")
    if device_of(study) == "cuda" or math.isnan(per_image):
        return math.ceil(memory if backbone.record.small else max(memory, UNKNOWN_MB))
    optimisation = optimisation_of(study, run)
    batch = 2 * optimisation.classes_per_batch * optimisation.samples_per_class
    images = study.evaluation.batch if stage == "attack" else batch
    return math.ceil(memory + images * per_image * (study.datasets[run.dataset].transform.size / 224) ** 2)


def device_of(study: Study) -> str:
    """Return cpu if the study says so, else cuda: a cluster has GPUs."""
    return "cpu" if study.device == "cpu" else "cuda"


def data_cost(study: Study, config: DatasetConfig) -> DataCost:
    """Return the sizes of one dataset: archives from the table of sources, packed images by arithmetic."""
    images = images_of(config, known_images(study, config))
    count = None if images is None else sum(images)
    download = sum(archive.size or math.nan for archive in first_layout(study, config)) / GIB
    packed = math.nan if count is None else count * packed_bytes(config) / GIB
    return DataCost(images=count, download_gib=download, unpacked_gib=download, packed_gib=packed)


def archive_jobs(study: Study) -> int:
    """Return the archives that are downloaded unless they exist."""
    layouts = {config.kind: first_layout(study, config) for config in study.datasets.values()}
    return sum(len(layout) for layout in layouts.values())


def data_jobs(study: Study) -> dict[str, int]:
    """Return the jobs that prepare images: one index per folder of images, one store per folder and transform."""
    configs = study.datasets.values()
    indices = {data_folder(config, study.data_root) for config in configs}
    return {"build_index": len(indices), "build_store": len({store_folder(c, study.data_root) for c in configs})}


def used_speeds(study: Study) -> list[dict[str, str]]:
    """Return the recorded speeds that an estimate of this study uses."""
    used: set[tuple[str, str]] = {
        (backbone_of(study, run)[1].measured_as, optimisation_of(study, run).precision) for run in runs(study)
    }
    used |= {(f"{attack}{kind}", "fp32") for kind, _ in used for attack in ("", "attack of ")} | {("job", "")}
    return [row for row in speeds() if (row["what"], row["precision"]) in used]


def packed_bytes(config: DatasetConfig) -> float:
    """Return the bytes of one packed image: its test crop, and a training image of the typical shape."""
    transform = config.transform
    training = 0.0
    if transform.aspect == "crop" and transform.train_side != "original":
        training = 3 * int(transform.train_side) ** 2 * SHORT_TO_LONG
    return 3 * transform.size**2 + training


def known_images(study: Study, config: DatasetConfig) -> int | None:
    """Return the number of images that the table of sources states; None if it states none."""
    source = source_of(study, config)
    return None if source is None else source.images


def first_layout(study: Study, config: DatasetConfig) -> list[Archive]:
    """Return the archives that are downloaded for a dataset; none for generated or own images."""
    source = source_of(study, config)
    return [] if source is None else next(iter(source.layouts.values()))


def source_of(study: Study, config: DatasetConfig) -> Source | None:
    """Return the entry of a dataset in the table of sources; None for generated or own images."""
    return _source(study.sources, config.kind) if config.record.origin == "archives" else None


_source = cache(load_source)


@cache
def speeds() -> list[dict[str, str]]:
    """Return all recorded speeds, with their sources."""
    with SPEEDS.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def speed(device: str, what: str, precision: str) -> float:
    """Return one recorded speed; NaN if there is none, but 0 for a start-up time that was not measured."""
    values = {(row["device"], row["what"], row["precision"]): float(row["value"]) for row in speeds()}
    return values.get((device, what, precision), 0.0 if what == "job" else math.nan)


def amount(value: float, unknown: str = "not measured") -> str:
    """Return a number at the precision that a plan prints."""
    if math.isnan(value):
        return unknown
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:#.2g}"


def _known(values: Iterable[float]) -> float:
    return sum(value for value in values if not math.isnan(value))
