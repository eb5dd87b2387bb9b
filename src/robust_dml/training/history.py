"""One row per epoch: loss, recall, bad steps, speed, memory."""

from __future__ import annotations

import csv
import io
import resource
import sys
from pathlib import Path
from typing import Any

import torch

from robust_dml.runtime.files import write_text

COLUMNS = (
    "epoch",
    "loss",
    "recall@1",
    "adversarial_recall@1",
    "validation_recall@1",
    "bad_steps",
    "steps",
    "seconds",
    "images_per_second",
    "memory_mb",
)

Row = dict[str, Any]


def write_history(path: Path, rows: list[Row]) -> None:
    """Write `rows` as CSV, atomically; what was not measured is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def peak_memory_mb(device: str) -> float:
    """The most memory held so far, in MB: of the GPU where there is one, else of this process."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def describe(row: Row, epochs: int) -> str:
    """A line for the log, such as `epoch 3 of 30: loss 0.412, recall@1 0.93, adversarial 0.61, 812 images/s`."""
    loss = "none" if row["loss"] is None else f"{row['loss']:.4f}"
    parts = [f"loss {loss}"]
    for column, name in (
        ("recall@1", "recall@1"),
        ("adversarial_recall@1", "adversarial"),
        ("validation_recall@1", "validation"),
    ):
        if row.get(column) is not None:
            parts.append(f"{name} {row[column]:.3f}")
    if row["bad_steps"]:
        parts.append(f"{row['bad_steps']} of {row['steps']} steps without tuples or a finite loss")
    parts.append(f"{row['images_per_second']:.0f} images/s")
    return f"epoch {row['epoch']} of {epochs}: " + ", ".join(parts)
