"""Recorded speeds with their sources: measured by this project (speeds.csv), published for GPUs (gpus.csv)."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path

from robust_dml.config.training import BackboneConfig
from robust_dml.planning.passes import forward_gflop
from robust_dml.runtime.errors import UserError

MEASURED = Path(__file__).with_name("speeds.csv")
PUBLISHED = Path(__file__).with_name("gpus.csv")
TRAINED = BackboneConfig(kind="resnet50")  # what gpus.csv counts images/s of
TRAINING_PASSES = 3  # forward and backward


@cache
def speeds() -> list[dict[str, str]]:
    """Return all measured speeds, with their sources."""
    return _rows(MEASURED)


@cache
def gpus() -> list[dict[str, str]]:
    """Return all figures of GPUs, with their sources: images/s of ResNet50 in training at 224 pixels, or GFLOP/s."""
    return _rows(PUBLISHED)


def gpu_names() -> list[str]:
    """Return the GPUs that have a figure, in the order of the table."""
    return list(dict.fromkeys(row["gpu"] for row in gpus()))


def require_gpu(name: str) -> None:
    """Raise UserError if no figure of a GPU is recorded."""
    if name not in gpu_names():
        raise UserError(f"--gpu: no speed of {name} is recorded; known are {', '.join(gpu_names())} ({PUBLISHED})")


def measured(device: str, what: str, precision: str) -> float:
    """Return one measured speed; NaN if there is none, but 0 for a start-up time that was not measured."""
    values = {(row["device"], row["what"], row["precision"]): float(row["value"]) for row in speeds()}
    return values.get((device, what, precision), 0.0 if what == "job" else math.nan)


def training_speed(device: str, backbone: BackboneConfig, precision: str) -> float:
    """Return 10^9 operations a second in training, on the `cpu` or on a GPU of the table; NaN if not known."""
    if device == "cpu":
        return measured(device, backbone.measured_as, precision)
    return _gpu_speed(device, backbone, precision)


def attack_speed(device: str, backbone: BackboneConfig) -> float:
    """Return 10^9 operations a second in attacks and validation, which compute in float32; NaN if not known."""
    own = measured(device, f"attack of {backbone.measured_as}", "fp32")
    return training_speed(device, backbone, "fp32") if math.isnan(own) else own


def _gpu_speed(gpu: str, backbone: BackboneConfig, precision: str) -> float:
    """Return the speed of ResNet50 for every large network; what limits a small one on a GPU is not arithmetic."""
    row = next((row for row in gpus() if (row["gpu"], row["precision"]) == (gpu, precision)), None)
    if row is None or backbone.record.small:
        return math.nan
    value = float(row["value"])
    return value if row["unit"] == "GFLOP/s" else value * TRAINING_PASSES * (forward_gflop(TRAINED, 224) or math.nan)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
