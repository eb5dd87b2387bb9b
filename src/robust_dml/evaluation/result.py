"""The files that an evaluation writes; see docs/results.md for their contents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from robust_dml.config import Run, Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.resolve import backbone_of
from robust_dml.evaluation.target import Subject
from robust_dml.runtime.files import write_text
from robust_dml.runtime.provenance import device_name, revision, versions


def identity(study: Study, run: Run, name: str, config: AttackConfig | None, epsilon: float) -> dict[str, Any]:
    """What a result is of: the model, the attack and its settings; `config` is None for clean queries."""
    optimiser = config.optimiser if config else None
    members = [study.attacks[member] for member in config.members] if config else []
    return {
        "dataset": run.dataset,
        "backbone": backbone_of(study, run)[0],
        "loss": run.loss,
        "training": run.training,
        "seed": run.seed,
        "attack": name,
        "norm": config.norm if config else "",
        "epsilon": epsilon,
        "steps": _steps(config, members),
        "objective": config.objective if config and optimiser != "worst-case" else "",
        "settings": {
            "attack": config.model_dump(mode="json") if config else None,
            "members": [member.model_dump(mode="json") for member in members],
            "evaluation": study.evaluation.model_dump(mode="json"),
            "gallery": study.datasets[run.dataset].gallery,
        },
    }


def origin(subject: Subject) -> dict[str, Any]:
    """What a result was made from and with; no time, so that a resumed evaluation ends in the same bytes."""
    return {
        "model_sha256": subject.model_sha256,
        "data_sha256": subject.data_sha256,
        "revision": revision(),
        "device": device_name(subject.device),
        "versions": versions(),
    }


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result as JSON, a line for each key and for each column of `queries`."""
    lines = []
    for key, value in result.items():
        text = json.dumps(value, allow_nan=False)
        if key == "queries":
            columns = (
                f"    {json.dumps(name)}: {json.dumps(column, allow_nan=False)}" for name, column in value.items()
            )
            text = "{\n" + ",\n".join(columns) + "\n  }"
        lines.append(f"  {json.dumps(key)}: {text}")
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def _steps(config: AttackConfig | None, members: list[AttackConfig]) -> int:
    """Gradient steps or queries of one restart; of the whole ensemble for a worst case; 1 for a one-step attack."""
    if config is None:
        return 0
    if config.optimiser == "worst-case":
        return sum(_steps(member, []) for member in members)
    return 1 if config.optimiser in ("fgsm", "r-fgsm") else config.steps
