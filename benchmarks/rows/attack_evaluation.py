"""PGD with 20 steps and 4 restarts on every test query of a natural model; queries that are broken may be left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.row import Row, compare
from benchmarks.turns import ratios
from benchmarks.worker import Call, Way

EPSILONS = {0.1: "the demo's radius", 0.03: "a third of it"}
ATTACK = {"optimiser": "pgd", "objective": "margin", "epsilon": list(EPSILONS), "steps": 20, "restarts": 4}
TRAININGS = {
    "natural": {"method": "natural"},
    "robust": {"method": "robust", "attack": {"optimiser": "pgd", "epsilon": 0.1, "steps": 3}, "ramp_epochs": 5},
}
OPTIMISATION = {
    "epochs": 10,
    "validate_every": 10,
    "learning_rate": 1e-3,
    "classes_per_batch": 5,
    "samples_per_class": 18,
}
BATCH = 448  # as in config/demo.yaml
SHARE = 3  # times less that a stopping attack is to cost
HERE = "benchmarks.rows.attack_evaluation"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per radius; the released PGD repels the nearest positive, ours maximises the margin."""
    queries = 100 if quick else None
    for epsilon, which in list(EPSILONS.items())[: 1 if quick else None]:
        settings = {"queries": queries, "epsilon": epsilon}
        row, turns = compare(
            f"PGD-20 with 4 restarts, the demo's natural model, epsilon {epsilon:g} ({which}), one core",
            Call(f"{HERE}:released", settings, settled=False, threads=1),
            Call(f"{HERE}:ours", {**settings, "stop": False}, threads=1),
            others={"stopping": Call(f"{HERE}:ours", {**settings, "stop": True}, threads=1)},
            rounds=1 if quick else 3,
        )
        saving = ratios(turns.seconds["ours"], turns.seconds["stopping"])
        all_of_them, stopping = turns.results["ours"], turns.results["stopping"]
        speeds = {way: round(all_of_them["queries"] / median(seconds)) for way, seconds in turns.seconds.items()}
        row["values"] = {
            **{f"{way}, queries/s": speed for way, speed in speeds.items()},
            "stopping is cheaper, times": round(saving["median"], 1),
            "recall@1": all_of_them["recall@1"],
            "recall@1, stopping": stopping["recall@1"],
        }
        row["goal"] = f"stopping: the same recall@1, {SHARE} times cheaper"
        row["met"] = saving["median"] >= SHARE and all_of_them == stopping
        yield row


def ours(stop: bool, queries: int | None, epsilon: float) -> Way:
    """All queries in batches, as an evaluation attacks them; returns their recall@1."""
    import numpy as np

    from robust_dml.config.evaluation import AttackAt
    from robust_dml.evaluation.batches import AttackBatch, attack_batch
    from robust_dml.retrieval import rank

    study, target = trained()
    positions = np.arange(len(target.queries))[:queries]
    attack = AttackBatch(target, target, AttackAt("pgd", study.attacks["pgd"], epsilon), stop, positions[:0])
    batches = np.array_split(positions, -(-len(positions) // study.evaluation.batch))
    attacked = target.queries.rows(target.tensor(positions))

    def run() -> dict[str, Any]:
        found = np.concatenate([attack_batch(attack, batch).embeddings for batch in batches])
        right = rank(attacked.embedded_as(target.tensor(found)), target.gallery).right
        return {"queries": len(positions), "recall@1": round(float(right.double().mean()), 4)}

    return run


def released(queries: int | None, epsilon: float) -> Way:
    """The same steps and restarts by the released code, away from each query's nearest positive."""
    import numpy as np
    import torch

    from benchmarks import engine
    from benchmarks.released import pgd, repel
    from robust_dml.evaluation.references import nearest_references

    _, target = trained()
    positions = np.arange(len(target.queries))[:queries]
    batches = [torch.from_numpy(batch) for batch in np.array_split(positions, -(-len(positions) // BATCH))]
    plain = engine.plain_copy(target.embed.folded.model)

    def run() -> None:
        for at in batches:
            images = target.images(at.numpy()).contiguous()
            positives, _ = nearest_references(target.queries.rows(at), target.gallery)
            pgd(plain, images, repel(positives), epsilon, steps=20, restarts=4)

    return run


def trained(training: str = "natural") -> tuple[Any, Any]:
    """Return a model of the digits, trained in a temporary folder: its study, and the target of an evaluation."""
    from benchmarks import engine
    from robust_dml.config import Run
    from robust_dml.evaluation.target import load_target
    from robust_dml.training import train

    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        study = engine.make_study(
            Path(folder, "data"),
            engine.digits(),
            engine.DEMO_NET,
            optimisation=OPTIMISATION,
            attacks={"pgd": ATTACK},
            trainings=TRAININGS,
            evaluation={"batch": BATCH},
        )
        engine.prepare(study)
        run = Run("images", "contrastive", training, 0)
        train(study, run)
        target = load_target(study, run)
        os.chdir(before)
    return study, target
