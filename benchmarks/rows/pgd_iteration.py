"""The attack inside that step: PGD with 5 steps, without the pass by which the released code chooses a restart."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.limits import matmul
from benchmarks.row import Row, compare
from benchmarks.rows.robust_step import gflop
from benchmarks.worker import Call, Way

STEPS = 5
HERE = "benchmarks.rows.pgd_iteration"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row; its seconds are those of five iterations."""
    batch, pixels, rounds = (4, 112, 2) if quick else (16, 224, 5)
    settings = {"batch": batch, "pixels": pixels}
    row, _ = compare(
        f"PGD-5 in the step, ResNet50@{pixels}, batch {batch}, bf16",
        Call(f"{HERE}:released", settings, settled=False),
        Call(f"{HERE}:ours", settings),
        goal=5.5,
        work=2 * STEPS * gflop(batch, pixels),
        limit=matmul("bf16"),
        rounds=rounds,
    )
    yield row


def ours(batch: int, pixels: int, precision: str = "bf16") -> Way:
    """The attack on all images of a batch, as a method of training calls it."""
    from benchmarks import engine
    from robust_dml.attacks.objectives import repel

    batch_of_noise = engine.random_batch(batch // 2, 2, pixels)
    training = engine.resnet_training(batch_of_noise.images, precision=precision)
    images = batch_of_noise.images.float() / 255
    step = training.step(images, batch_of_noise.labels, 0, 0)
    away = repel(step.embed(images))
    return lambda: step.attack(images, away).sum().item()


def released(batch: int, pixels: int) -> Way:
    """The same by the released code."""
    import torch

    from benchmarks import engine
    from benchmarks.released import EPSILON, climb, repel, resnet50

    images = engine.random_batch(batch // 2, 2, pixels).images.float().div(255).contiguous()
    model = resnet50()
    engine.calibrate(model, images)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        away = repel(model(images))
    return lambda: climb(model, images, away, EPSILON, STEPS).sum().item()
