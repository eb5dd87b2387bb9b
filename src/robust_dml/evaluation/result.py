"""The scores of one attack on one model, as the file that docs/results.md describes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.resolve import backbone_of
from robust_dml.runtime.files import write_text
from robust_dml.runtime.sealed import sealed


@dataclass(frozen=True)
class Identity:
    """The model and the attack, with its radius, that a result belongs to."""

    dataset: str
    backbone: str
    loss: str
    training: str
    seed: int
    attack: str
    norm: str
    epsilon: float
    steps: int
    objective: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Counts:
    """Numbers of queries: all, scored, and those with a failure."""

    queries: int
    scored: int
    nan: int
    zero_gradient: int
    collapsed: int

    def shares(self) -> dict[str, float]:
        """Return the counts as shares of the queries."""
        return {name: count / self.queries for name, count in asdict(self).items()}


@dataclass(frozen=True)
class QueryColumns:
    """One value per query."""

    id: list[int]
    label: list[int]
    scored: list[bool]
    clean_right: list[bool]
    adversarial_right: list[bool]
    adversarial_right_as_released: list[bool]
    norm: list[float]
    shift: list[float]
    neighbour_clean: list[int]
    neighbour_adversarial: list[int]


@dataclass(frozen=True)
class Result:
    """The scores of one attack: means by protocol and metric, counts, and a record per query."""

    identity: Identity
    metrics: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, list[float]]]
    """Low and high of the 95 % interval over queries, by protocol and metric."""
    counts: Counts
    queries: QueryColumns
    origin: dict[str, Any]


def identity(study: Study, run: Run, at: AttackAt) -> Identity:
    """Return the model and the attack that a result belongs to."""
    members = [study.attacks[member] for member in at.config.members] if at.config else []
    shown = [at.config] if at.config else []
    return Identity(
        dataset=run.dataset,
        backbone=backbone_of(study, run)[0],
        loss=run.loss,
        training=run.training,
        seed=run.seed,
        attack=at.name,
        norm=at.config.norm if at.config else "",
        epsilon=at.epsilon,
        steps=sum(attack.steps for attack in (members or shown)),
        objective=at.config.objective if at.config and not members else "",
        settings={
            "attack": at.config.model_dump(mode="json") if at.config else None,
            "members": [member.model_dump(mode="json") for member in members],
            "evaluation": study.evaluation.model_dump(mode="json"),
            "gallery": study.datasets[run.dataset].gallery,
        },
    )


def write_result(path: Path, result: Result) -> None:
    """Write a result as JSON with the hash of its content, a line for each key and for each column of `queries`."""
    content = sealed(
        {
            **asdict(result.identity),
            "metrics": result.metrics,
            "intervals": result.intervals,
            "counts": asdict(result.counts),
            "queries": asdict(result.queries),
            **result.origin,
        }
    )
    lines = []
    for key, value in content.items():
        text = json.dumps(value, allow_nan=False)
        if key == "queries":
            columns = (
                f"    {json.dumps(name)}: {json.dumps(column, allow_nan=False)}" for name, column in value.items()
            )
            text = "{\n" + ",\n".join(columns) + "\n  }"
        lines.append(f"  {json.dumps(key)}: {text}")
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")
