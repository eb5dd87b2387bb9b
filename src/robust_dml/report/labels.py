"""Names as tables and figures print them; the words of attacks, objectives and metrics come from their records."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from robust_dml.config.attacks import AttackConfig, TrainingAttackConfig
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.models import NO_LOSS
from robust_dml.records import METRICS, OBJECTIVES, THREATS

if TYPE_CHECKING:
    from robust_dml.report.selection import Group

NORMS = {"linf": "\N{SCRIPT SMALL L}\N{INFINITY}", "l2": "\N{SCRIPT SMALL L}\N{SUBSCRIPT TWO}"}


def metric_label(metric: str) -> str:
    """Return the words for a metric, such as "R@1" for "recall@1"; its own name if no record has words for it."""
    words = (METRICS.load(name).labels for name in METRICS.names)
    return next((labels[metric] for labels in words if metric in labels), metric)


def radius(epsilon: float) -> str:
    """Return epsilon as a reader knows it: "4/255" where four digits do not hold it and a multiple of 1/255 does."""
    levels = 255 * epsilon
    exact = math.isclose(epsilon, round(epsilon, 4), rel_tol=1e-9)
    return f"{epsilon:g}" if exact or abs(levels - round(levels)) > 1e-3 else f"{levels:.0f}/255"


def group_label(group: Group) -> str:
    """Return dataset and loss, such as "cub200, triplet loss"; the dataset alone of models without a loss."""
    return group.dataset if group.loss == NO_LOSS else f"{group.dataset}, {group.loss} loss"


def attack_label(at: AttackAt) -> str:
    """Return the name of an attack with its optimiser as a reader knows it: "PGD20" for "pgd20".

    An ensemble keeps its name.
    """
    if at.config is None:
        return "clean"
    if at.is_ensemble:
        return at.name
    optimiser, label = re.escape(at.config.optimiser), at.config.record.label
    name = re.sub(rf"(?<![a-z0-9]){optimiser}(?![a-z])", lambda found: label, at.name)
    return "-".join(NORMS.get(word, word) for word in name.split("-"))


def threat_label(at: AttackAt) -> str:
    """Return what an attack may do: norm, epsilon and steps; its optimiser too if its name does not say it."""
    if at.config is None:
        return "no perturbation"
    parts = [strength_label(at.config, at.epsilon)]
    if at.config.optimiser not in at.name and not at.is_ensemble:
        parts.insert(0, at.config.record.label)
    if at.config.threat != AttackConfig.model_fields["threat"].default:
        parts.append(THREATS.load(at.config.threat).label)
    return ", ".join(parts)


def strength_label(config: AttackConfig | TrainingAttackConfig, epsilon: float) -> str:
    """Return norm, epsilon, steps and restarts of an attack: "ℓ∞, ε = 0.1, 10 steps"."""
    parts = [NORMS[config.norm], f"ε = {radius(epsilon)}"]
    if config.record.counted:
        parts.append(f"{config.steps} {config.record.counted}")
    restarts = getattr(config.options, "restarts", 1)
    if restarts > 1:
        parts.append(f"{restarts} restarts")
    return ", ".join(parts)


def objective_label(at: AttackAt) -> str:
    """Return what an attack maximises; the members of an ensemble."""
    if at.config is None:
        return "none"
    if at.is_ensemble:
        return "any of " + ", ".join(at.config.members)
    return OBJECTIVES.load(at.config.objective).label


def result_label(at: AttackAt) -> str:
    """Return an attack with what it may do: "PGD (ℓ∞, ε = 0.1, 10 steps)"."""
    return f"{attack_label(at)} ({threat_label(at)})"


def duration(seconds: float) -> str:
    """Return a time in words: "41 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
