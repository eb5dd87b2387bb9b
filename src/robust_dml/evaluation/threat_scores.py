"""The numbers of threats that are judged by something else than recall@1: threats.json of one attacked model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch

from robust_dml.attacks.ranking.ers import mean_cosine
from robust_dml.attacks.ranking.posed import Asked, Posed
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.paths import threats_path
from robust_dml.config.threats import threats_of
from robust_dml.evaluation.intervals import query_intervals
from robust_dml.metrics import means
from robust_dml.records import THREATS
from robust_dml.retrieval.items import Items
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.runtime.sealed import write_sealed

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.evaluation.score import Evaluation

FARTHEST = 2.0  # the largest distance on the unit sphere


@dataclass(frozen=True)
class ThreatScore:
    """What one threat at one radius left: means over queries, and their 95 % intervals where values are shares."""

    values: dict[str, float]
    intervals: dict[str, list[float]]


def posed_threat(at: AttackAt, queries: Items, gallery: Items, seed: int) -> Posed:
    """Return the attack of a threat on some queries, its items drawn by the model's seed and each query's id."""
    seeds = sample_seeds(queries.ids, seed, "threat")
    pose = THREATS.load(at.attack.threat).pose
    if pose is None:
        raise ValueError(f"{at.attack.threat} has no attack of its own")
    return pose(Asked(queries, gallery, seeds, as_released=at.variant == "released"))


def write_threats(evaluation: Evaluation) -> None:
    """Write the scores of every threat of the study on one model, beside what an ERS must not be read without."""
    study, run = evaluation.study, evaluation.run
    content = {
        "clean": {
            "recall@1": float(evaluation.clean.right[evaluation.clean.scored].double().mean()),
            "chance": float(evaluation.clean.relevant.double().mean()) / max(1, len(evaluation.gallery) - 1),
            "cosine": mean_cosine(evaluation.queries.embeddings),
        },
        "threats": {at.label: asdict(_scored(evaluation, at)) for at in threats_of(study)},
    }
    write_sealed(threats_path(study.name, run), content)


def _scored(evaluation: Evaluation, at: AttackAt) -> ThreatScore:
    attacked = torch.from_numpy(evaluation.stored.load(at.label).embeddings)
    values = _values(at, evaluation.queries, evaluation.gallery, attacked, evaluation)
    return ThreatScore(means(values), query_intervals(values, evaluation.queries.labels))


def _values(
    at: AttackAt, queries: Items, gallery: Items, attacked: Tensor, evaluation: Evaluation
) -> Mapping[str, Tensor]:
    """Return each number of a threat for all queries, computed a batch at a time."""
    size, parts = evaluation.study.evaluation.batch, []
    for first in range(0, len(queries), size):
        rows = torch.arange(first, min(first + size, len(queries)))
        posed = posed_threat(at, queries.rows(rows), gallery, evaluation.run.seed)
        parts.append(posed.scores(attacked[rows]))
    failed = ~torch.isfinite(attacked).all(1)
    values = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return {name: value.masked_fill(failed, worst(at, name)) for name, value in values.items()}


def worst(at: AttackAt, number: str) -> float:
    """Return what a query counts whose embedding is not finite: a full success of the attack."""
    if number == "shift":
        return FARTHEST
    return 0.0 if THREATS.load(at.attack.threat).higher_is_safer else 1.0
