"""What a study costs before it runs: jobs, hours, disk and downloads, from recorded speeds (speeds.py).

Hours are arithmetic (passes.py) divided by a speed that was measured or published; where there is neither, the hours
are NaN and are printed as "not measured". Loading images, metrics and tables are not counted: they take minutes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from robust_dml.config import Run, Study
from robust_dml.config.data import DatasetConfig
from robust_dml.config.resolve import backbone_of, optimisation_of, runs
from robust_dml.data.archives.sources import Archive, Source, load_source
from robust_dml.data.paths import data_folder, store_folder
from robust_dml.evaluation.planned import planned_attacks
from robust_dml.planning.passes import (
    STANDING,
    STANDING_IN_STANDARD,
    attack_passes,
    forward_gflop,
    images_of,
    standing_share,
    training_passes,
    validation_passes,
)
from robust_dml.planning.speeds import attack_speed, gpu_names, gpus, measured, speeds, training_speed

Stage = Literal["train", "attack"]

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
class Hours:
    """Hours of one device that works alone; `attack_at_most` is for a model that no attack breaks."""

    train: float
    attack: float
    attack_at_most: float

    @property
    def total(self) -> float:
        """Training and attacks."""
        return self.train + self.attack

    @property
    def at_most(self) -> float:
        """Training and attacks, where no query is left early."""
        return self.train + self.attack_at_most

    def __add__(self, other: Hours) -> Hours:
        return Hours(self.train + other.train, self.attack + other.attack, self.attack_at_most + other.attack_at_most)


@dataclass(frozen=True)
class Cost:
    """A whole study. `hours` are those of one device, by the name of a GPU or `cpu`, as speeds.csv names it."""

    models: int
    hours: Mapping[str, Hours]
    data: Mapping[str, DataCost]
    weights_gib: float

    @property
    def gpu_hours(self) -> list[Hours]:
        """The hours on each GPU whose speed is recorded, fewest first."""
        known = [hours for device, hours in self.hours.items() if device != "cpu" and not math.isnan(hours.total)]
        return sorted(known, key=lambda hours: hours.total)

    @property
    def cpu_hours(self) -> Hours:
        """The hours on the CPU."""
        return self.hours["cpu"]

    @property
    def download_gib(self) -> float:
        """Archives whose size is known, and pre-trained weights."""
        return _known(data.download_gib for data in self.data.values()) + self.weights_gib

    @property
    def disk_gib(self) -> float:
        """Archives, unpacked and packed images, weights."""
        parts = ((data.download_gib, data.unpacked_gib, data.packed_gib) for data in self.data.values())
        return _known(size for sizes in parts for size in sizes) + self.weights_gib


def estimate(study: Study, gpu: str | None = None) -> Cost:
    """Return the cost of a study, finished parts included, on the CPU and on one GPU or every one of the table."""
    devices = ["cpu", *([gpu] if gpu else gpu_names())]
    pretrained = {b.record.imagenet for b in study.backbones.values() if b.weights == "imagenet"}
    return Cost(
        models=sum(1 for _ in runs(study)),
        hours={device: study_hours(study, device) for device in devices},
        data={name: data_cost(study, config) for name, config in study.datasets.items()},
        weights_gib=sum(weights.size for weights in pretrained if weights is not None) / GIB,
    )


def study_hours(study: Study, device: str) -> Hours:
    """Return the hours of all models on `device`, cpu or a GPU; NaN where no speed is recorded."""
    return sum((job_hours(study, run, device) for run in runs(study)), start=Hours(0.0, 0.0, 0.0))


def in_precision(study: Study, precision: str) -> Study:
    """Return a study that trains in another precision, where a dataset or a training names none of its own."""
    return study.model_copy(update={"optimisation": study.optimisation.model_copy(update={"precision": precision})})


def job_hours(study: Study, run: Run, device: str) -> Hours:
    """Return the hours of one model on `device`, cpu or a GPU; NaN where no speed is recorded."""
    dataset = study.datasets[run.dataset]
    backbone = backbone_of(study, run)[1]
    gflop = forward_gflop(backbone, dataset.transform.size)
    images = images_of(dataset, known_images(study, dataset))
    if gflop is None or images is None:
        return Hours(math.nan, math.nan, math.nan)
    start = measured(device, "job", "") / 3600
    if gflop == 0:  # pixels: their search is not counted for any model, and there is nothing else
        return Hours(start, start, start)
    training = 3600 * training_speed(device, backbone, optimisation_of(study, run).precision) / gflop
    attacking = 3600 * attack_speed(device, backbone) / gflop
    steps, validations = training_passes(study, run, images), validation_passes(study, run, images)
    return Hours(
        train=start + steps / training + validations / attacking,
        attack=start + attack_passes(study, run, images, standing=True) / attacking,
        attack_at_most=start + attack_passes(study, run, images) / attacking,
    )


def job_minutes(study: Study, run: Run, stage: Stage) -> int:
    """Return the requested minutes: twice the estimate plus 30, at most one day; one day if there is no estimate.

    The estimate is that of the slowest GPU whose speed is recorded. Few clusters give more than a day, and a job that
    runs out of time continues when it is submitted again.
    """
    found = [job_hours(study, run, device) for device in devices_of(study)]
    hours = [each for job in found if not math.isnan(each := job.train if stage == "train" else job.attack_at_most)]
    return min(DAY, 30 + math.ceil(120 * max(hours))) if hours else DAY


def job_memory_mb(study: Study, run: Run, stage: Stage) -> int:
    """Return the requested memory: twice that of an idle job, and on a CPU that of the images processed at once."""
    memory = 2 * measured("cpu", "memory of a job", "")
    backbone = backbone_of(study, run)[1]
    per_image = measured("cpu", f"memory of {backbone.measured_as}", "fp32")
    if study.device != "cpu" or math.isnan(per_image):
        return math.ceil(memory if backbone.record.small else max(memory, UNKNOWN_MB))
    optimisation = optimisation_of(study, run)
    batch = 2 * optimisation.classes_per_batch * optimisation.samples_per_class
    images = study.evaluation.batch if stage == "attack" else batch
    return math.ceil(memory + images * per_image * (study.datasets[run.dataset].transform.size / 224) ** 2)


def devices_of(study: Study) -> Sequence[str]:
    """Return cpu if the study says so, else the GPUs of the table: a cluster has GPUs."""
    return ["cpu"] if study.device == "cpu" else gpu_names()


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


def used_speeds(study: Study, gpu: str | None = None) -> list[dict[str, str]]:
    """Return the recorded speeds that an estimate of this study uses, `device` and `what` of GPUs included."""
    used: set[tuple[str, str]] = {
        (backbone_of(study, run)[1].measured_as, optimisation_of(study, run).precision) for run in runs(study)
    }
    used |= {(f"{attack}{kind}", "fp32") for kind, _ in used for attack in ("", "attack of ")} | {("job", "")}
    large = any(not backbone_of(study, run)[1].record.small for run in runs(study))
    precisions = {precision for _, precision in used} if large else set()
    published = [row for row in gpus() if row["precision"] in precisions and gpu in (None, row["gpu"])]
    return [
        *({"device": row["gpu"], "what": "resnet50 in training", **row} for row in published),
        *(row for row in speeds() if (row["what"], row["precision"]) in used),
    ]


def assumptions(study: Study) -> list[str]:
    """Return what an estimate takes for granted, in words."""
    said = ["every pass of a network runs at one speed, on a GPU that of ResNet50 in training; attacks are in fp32"]
    shares = {standing_share(study, at) for run in runs(study) for at in planned_attacks(study, run)}
    if STANDING in shares:
        said += [f"an attack that leaves broken queries makes {STANDING:.0%} of its passes"]
    if STANDING_IN_STANDARD in shares:
        said += [f"the standard protocol makes {STANDING_IN_STANDARD:.0%} of its passes, as it leaves broken queries"]
    return said


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


def amount(value: float, unknown: str = "not measured") -> str:
    """Return a number at the precision that a plan prints."""
    if math.isnan(value):
        return unknown
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:#.2g}"


def hours_or_minutes(hours: float) -> str:
    """Return a number of hours, or of minutes with their unit where they are less than an hour."""
    if math.isnan(hours) or hours >= 1 or hours == 0:
        return amount(hours)
    return f"{60 * hours:.0f} min" if hours >= 1 / 60 else "1 min"


def gpu_range(cost: Cost, part: Callable[[Hours], float]) -> str:
    """Return the fewest and the most hours over the GPUs whose speed is recorded, in words."""
    found = sorted(part(hours) for hours in cost.gpu_hours) or [math.nan]
    ends = dict.fromkeys(hours_or_minutes(hours) for hours in (found[0], found[-1]))
    return " to ".join(ends)


def _known(values: Iterable[float]) -> float:
    return sum(value for value in values if not math.isnan(value))
