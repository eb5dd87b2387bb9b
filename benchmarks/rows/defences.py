"""Time and memory of a step of every training method beside natural training, on one core as small networks train."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.row import Row, figures
from benchmarks.turns import ratios, take_turns
from benchmarks.worker import Call, Way
from robust_dml.records import METHODS

BATCH = {"classes_per_batch": 5, "samples_per_class": 18}
ATTACK = {"optimiser": "pgd", "epsilon": 0.1, "steps": 5}
THREE = {"kind": "ensemble", "members": 3, "of": {"kind": "convnet", "widths": [16, 32, 64]}, "embedding": 64}
SETTINGS: dict[str, dict[str, Any]] = {"hm": {"ics": 0.5}}
QUICK = ("act", "est", "hm", "robust")
HERE = "benchmarks.rows.defences"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per method: seconds and MiB of a step, and how many steps of natural training take as long."""
    for method in QUICK if quick else methods():
        calls = {name: Call(f"{HERE}:step", {"method": name}, threads=1) for name in ("natural", method)}
        turns = take_turns(calls, rounds=3 if quick else 7)
        found = ratios(turns.seconds[method], turns.seconds["natural"])
        values = {
            "ms": round(1000 * min(turns.seconds[method]), 1),
            "natural steps": round(found["median"], 2),
            "MiB": round(turns.memory[method]),
            "MiB, natural": round(turns.memory["natural"]),
        }
        yield figures(f"step of {method}, batch 90, 16 pixels, 5 steps of its attack", values)


def methods() -> list[str]:
    """Return the methods that train, but for natural training."""
    return [name for name in METHODS.names if METHODS.load(name).family in ("robust", "rival")]


def step(method: str) -> Way:
    """Return a step of the training loop by a method, of its second epoch, on the demo's images and network."""
    from benchmarks import engine
    from robust_dml.data.loading.batches import train_batches
    from robust_dml.training.loop import train_step

    with tempfile.TemporaryDirectory() as folder:
        study = engine.make_study(
            Path(folder),
            engine.digits(),
            THREE if method == "eat" else engine.DEMO_NET,
            trainings={method: {"method": method, "attack": ATTACK, **SETTINGS.get(method, {})}},
            optimisation={"learning_rate": 1e-3, "epochs": 2, **BATCH},
        )
        engine.prepare(study)
        training = engine.open_training(study, method)
        batch = next(iter(train_batches(training.part, classes=5, samples=18, seed=0, epoch=0)))
    return lambda: train_step(training, batch, 1, 0)
