"""Neighbours and retrieval metrics of a whole test set: AccuracyCalculator against ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.limits import matmul
from benchmarks.row import Row, compare
from benchmarks.worker import Call, Way

if TYPE_CHECKING:
    from torch import Tensor

DIMENSION = 128
SETS = {"CUB200": (5_924, 100, 1.4), "SOP": (60_502, 11_316, 3.0)}
QUICK = {"CUB200": (5_924, 100, 1.4)}
MEMORY_MIB = 1536
TOLERANCE = 1e-6
HERE = "benchmarks.rows.metrics"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per dataset's size."""
    for name, (images, classes, goal) in (QUICK if quick else SETS).items():
        settings = {"images": images, "classes": classes}
        row, turns = compare(
            f"neighbours and metrics, {images:,} x {DIMENSION}, {classes:,} classes ({name}'s size)",
            Call(f"{HERE}:released", settings, settled=False),
            Call(f"{HERE}:ours", settings),
            goal=goal,
            work=2e-9 * images * images * DIMENSION,
            limit=matmul("fp32"),
            rounds=3 if images > 10_000 else 7,
        )
        theirs, found = turns.results["released"], turns.results["ours"]
        difference = max(abs(found[metric] - value) for metric, value in theirs.items())
        row["largest_difference"] = difference
        row["met"] = row["met"] and difference <= TOLERANCE and row["memory_mib"]["ours"] < MEMORY_MIB
        row["goal"] += f", under {MEMORY_MIB / 1024:g} GiB, equal to {TOLERANCE:g}"
        yield row


def ours(images: int, classes: int) -> Way:
    """Recalls, R-precision and mAP@R."""
    import torch

    from robust_dml.metrics import retrieval_metrics
    from robust_dml.retrieval import Items

    items = Items(*draw(images, classes), torch.arange(images))
    return lambda: dict(retrieval_metrics(items, items))


def released(images: int, classes: int) -> Way:
    """Return P@1, R-precision and mAP@R by the library."""
    from benchmarks.released import metrics

    embeddings, labels = draw(images, classes)
    return lambda: metrics(embeddings, labels)


def draw(images: int, classes: int) -> tuple[Tensor, Tensor]:
    """Return embeddings (images, 128) around the centres of their classes, as after training, and labels."""
    import torch
    from torch.nn.functional import normalize

    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(images) % classes
    centres = normalize(torch.randn(classes, DIMENSION, generator=generator))
    offsets = torch.randn(images, DIMENSION, generator=generator) * (1.8 / DIMENSION**0.5)
    return normalize(centres[labels] + offsets), labels
