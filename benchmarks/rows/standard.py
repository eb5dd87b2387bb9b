"""The standard protocol at three radii against every member of it in full, on a natural and on a robust model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.row import Row, compare
from benchmarks.rows.attack_evaluation import trained
from benchmarks.worker import Call, Way

RADII = (0.025, 0.05, 0.1)
GOAL = 5
HERE = "benchmarks.rows.standard"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per model; recall@1 at each radius must be the same both ways."""
    for training in ("natural", "robust"):
        settings = {"training": training, "queries": 20 if quick else 60}
        row, turns = compare(
            f"standard-v1 at three radii, the digits' {training} model, one core",
            Call(f"{HERE}:in_full", settings, threads=1),
            Call(f"{HERE}:standing_only", settings, threads=1),
            goal=GOAL,
            rounds=1,
        )
        full, ours = turns.results["released"], turns.results["ours"]
        row["values"] = {"recall@1 of members in full": str(full), "recall@1 of the protocol": str(ours)}
        row["met"] = bool(row["met"]) and ours <= full
        yield row


def standing_only(training: str, queries: int) -> Way:
    """Run the protocol as an evaluation does; returns recall@1 at each radius."""
    from robust_dml.evaluation.standard import Protocol

    study, target, start, at = _problem(training, queries)

    def run() -> list[float]:
        found, recalls = start, []
        for radius in RADII:
            with tempfile.TemporaryDirectory() as folder:
                there = replace(at, epsilon=radius)
                none = start.image_positions
                found = Protocol(target, None, there, study.evaluation, none, Path(folder)).run(found)
            recalls.append(_recall(target, found.positions, [found.embeddings]))
        return recalls

    return run


def in_full(training: str, queries: int) -> Way:
    """Run each member on every query at every radius, to its end; returns recall@1 of their worst case."""
    from robust_dml.attacks.optimisers.standard_v1 import MEMBERS, RESTART
    from robust_dml.config.attacks import AttackConfig
    from robust_dml.evaluation.batches import AttackBatch, attack_batch

    _, target, start, at = _problem(training, queries)

    def run() -> list[float]:
        recalls = []
        for radius in RADII:
            found = []
            for member in (member for member in (*MEMBERS, RESTART) if not member.of_source):
                attack = AttackConfig(
                    optimiser=member.optimiser, objective=member.objective, epsilon=[radius], options=member.settings
                )
                there, path = replace(at, config=attack, epsilon=radius), ("standard", member.name, 1)
                batch = AttackBatch(target, target, there, False, start.image_positions, path)
                found.append(attack_batch(batch, start.positions).embeddings)
            recalls.append(_recall(target, start.positions, found))
        return recalls

    return run


def _problem(training: str, queries: int) -> tuple[Any, Any, Any, Any]:
    """Return a study, a target, its clean queries at the first positions, and the protocol as an attack."""
    import numpy as np

    from robust_dml.config.attacks import AttackConfig
    from robust_dml.config.evaluation import AttackAt
    from robust_dml.evaluation.attack import unperturbed
    from robust_dml.evaluation.standard import subset

    study, target = trained(training)
    attack = AttackConfig(optimiser="standard-v1", objective="margin", epsilon=list(RADII))
    none = np.zeros(0, dtype=np.int64)
    start = subset(unperturbed(target, none), np.arange(len(target.queries))[:queries])
    return study, target, start, AttackAt("standard-v1", attack, RADII[0])


def _recall(target: Any, positions: Any, attempts: list[Any]) -> float:
    """Return recall@1 over the queries that are right when clean and under every attempt."""
    from robust_dml.retrieval import rank

    rows = target.tensor(positions)
    queries = target.queries.rows(rows)
    right = rank(queries, target.gallery).right
    for embeddings in attempts:
        right &= rank(queries.embedded_as(target.tensor(embeddings)), target.gallery).right
    return round(float(right.double().mean()), 4)
