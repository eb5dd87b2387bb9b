"""A robust training step of ResNet50, PGD with 5 steps, in both precisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.limits import matmul
from benchmarks.row import Row, compare
from benchmarks.worker import Call, Way

GOALS = {"bf16": 8.0, "fp32": 2.5}
PASSES = 16  # forward passes of an image: 1 to mine, 5 x 2 to attack, 1 + 4 for the loss of the adversarial batch
HERE = "benchmarks.rows.robust_step"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per precision; a quick run measures bf16 alone."""
    batch, pixels, rounds = (4, 112, 2) if quick else (16, 224, 5)
    settings = {"batch": batch, "pixels": pixels}
    for precision in ("bf16",) if quick else GOALS:
        row, _ = compare(
            f"robust step, ResNet50@{pixels}, batch {batch}, {precision}",
            Call(f"{HERE}:released", settings, settled=False),
            Call(f"{HERE}:ours", {**settings, "precision": precision}),
            goal=GOALS[precision],
            work=PASSES * gflop(batch, pixels),
            limit=matmul(precision),
            rounds=rounds,
        )
        yield row


def gflop(batch: int, pixels: int) -> float:
    """Return 10^9 operations of one forward pass of a batch."""
    return batch * 2 * 4.087 * (pixels / 224) ** 2


def ours(batch: int, pixels: int, precision: str, device: str = "cpu", training: str = "robust", **options: Any) -> Way:
    """Return a step of the training loop; `options` are further keys of `optimisation`."""
    from benchmarks import engine
    from robust_dml.training.loop import train_step

    images = engine.random_batch(batch // 2, 2, pixels)
    opened = engine.resnet_training(images.images, device=device, training=training, precision=precision, **options)
    return lambda: train_step(opened, images, 0, 0)


def released(batch: int, pixels: int, device: str = "cpu") -> Way:
    """Return a step as the released code does it, with torchvision's ResNet50 and the library's loss."""
    from pytorch_metric_learning.losses import ContrastiveLoss

    from benchmarks import engine
    from benchmarks.released import ReleasedTraining, resnet50

    batch_of_noise = engine.random_batch(batch // 2, 2, pixels)
    model = resnet50().to(device)
    engine.calibrate(model, batch_of_noise.images.to(device).float() / 255)
    training = ReleasedTraining(model, ContrastiveLoss(neg_margin=1))

    def step() -> float:
        images = (batch_of_noise.images.to(device).float() / 255).contiguous()
        return training.step(images, batch_of_noise.labels.to(device)).item()

    return step
