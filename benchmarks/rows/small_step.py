"""A robust training step of the demo's network on the demo's images, on one core as the demo's jobs run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.limits import matmul
from benchmarks.row import Row, compare
from benchmarks.rows.robust_step import PASSES
from benchmarks.worker import Call, Way
from robust_dml.models.backbones.convnet import convnet_macs

BATCH = {"classes_per_batch": 5, "samples_per_class": 18}
EPSILON = 0.1
LEARNING_RATE = 1e-3
GFLOP = 2e-9 * convnet_macs([16, 32, 64], 16)  # of one image's forward pass
HERE = "benchmarks.rows.small_step"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per precision; the demo trains in fp32, the only one that a quick run measures."""
    for precision in ("fp32",) if quick else ("fp32", "bf16"):
        row, _ = compare(
            f"step of the demo's network, batch 90, {precision}, one core",
            Call(f"{HERE}:released", settled=False, threads=1),
            Call(f"{HERE}:ours", {"precision": precision}, threads=1),
            goal=2.5,
            work=PASSES * 90 * GFLOP,
            limit=matmul(precision, threads=1),
            rounds=3 if quick else 15,
        )
        yield row


def ours(precision: str) -> Way:
    """Return a step of the training loop."""
    from benchmarks import engine
    from robust_dml.data.loading.batches import train_batches
    from robust_dml.training.loop import train_step

    with tempfile.TemporaryDirectory() as folder:
        study = engine.make_study(
            Path(folder),
            engine.digits(),
            engine.DEMO_NET,
            trainings={"robust": {"method": "robust", "attack": {"epsilon": EPSILON}}},
            optimisation={"precision": precision, "learning_rate": LEARNING_RATE, **BATCH},
        )
        engine.prepare(study)
        training = engine.open_training(study)
        batch = next(iter(train_batches(training.part, classes=5, samples=18, seed=0, epoch=0)))
    return lambda: train_step(training, batch, 0, 0)


def released() -> Way:
    """The same by the released code."""
    from pytorch_metric_learning.losses import ContrastiveLoss

    from benchmarks import engine
    from benchmarks.released import ReleasedTraining
    from robust_dml.config.training import BackboneConfig
    from robust_dml.models import build_model

    model = build_model(BackboneConfig(**engine.DEMO_NET), seed=0, data_root=Path())
    training = ReleasedTraining(
        engine.plain_copy(model), ContrastiveLoss(neg_margin=1), epsilon=EPSILON, learning_rate=LEARNING_RATE
    )
    batch = engine.random_batch(5, 18, 16)
    images = (batch.images.float() / 255).contiguous()
    return lambda: training.step(images, batch.labels).item()
