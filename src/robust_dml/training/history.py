"""The history of a training: one row per epoch with loss, recall, bad steps, speed and memory."""

from __future__ import annotations

import csv
import io
import resource
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

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
"""The columns of history.csv, in the order of the fields of `HistoryRow`."""


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One epoch; recalls are None where the epoch was not validated, the loss where no step had one."""

    epoch: int
    loss: float | None
    recall: float | None = None
    adversarial_recall: float | None = None
    validation_recall: float | None = None
    bad_steps: int
    steps: int
    seconds: float
    images_per_second: float
    memory_mb: float


def write_history(path: Path, rows: Sequence[HistoryRow]) -> None:
    """Write the rows as CSV, atomically; what was not measured is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    write_text(path, text.getvalue())


def peak_memory_mb(device: str) -> float:
    """Return the peak memory so far, in MB: of the GPU where there is one, else of this process."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def describe(row: HistoryRow, epochs: int) -> str:
    """Return a line for the log: `epoch 3 of 30: loss 0.412, recall@1 0.930, adversarial 0.610, 812 images/s`."""
    recalls = {
        "recall@1": row.recall,
        "adversarial": row.adversarial_recall,
        "validation": row.validation_recall,
    }
    parts = ["loss none" if row.loss is None else f"loss {row.loss:.4f}"]
    parts += [f"{name} {recall:.3f}" for name, recall in recalls.items() if recall is not None]
    if row.bad_steps:
        parts.append(f"{row.bad_steps} of {row.steps} steps without tuples or a finite loss")
    parts.append(f"{row.images_per_second:.0f} images/s")
    return f"epoch {row.epoch} of {epochs}: " + ", ".join(parts)
