"""Extra runs on a part of the queries, for the sanity checks: an attack of the study with one setting changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robust_dml.config.attacks import AttackConfig
from robust_dml.evaluation.blocks import Arrays
from robust_dml.evaluation.ensemble import right
from robust_dml.evaluation.target import Subject

Runner = Callable[[AttackConfig, float, np.ndarray, str], Arrays]


@dataclass
class Trials:
    """Recall@1 of the queries at `positions`, under attacks of the study as they are and changed."""

    subject: Subject
    positions: np.ndarray
    arrays: Mapping[str, Arrays]
    """The results of the study, by attack and epsilon."""
    run: Runner
    """Runs a configuration at an epsilon on some queries; the label names its blocks."""
    _known: dict[str, float] = field(default_factory=dict)

    def recall(self, label: str) -> float:
        """Under an attack of the study."""
        return self._recall(self.arrays[label]["embeddings"][self.positions])

    def changed(self, label: str, config: AttackConfig, radius: float, **changes: Any) -> float:
        """Under the attack `label`, which is `config` at epsilon `radius`, with some of its settings changed."""
        name = f"checks/{label}/" + ",".join(f"{key}={value}" for key, value in changes.items())
        if name not in self._known:
            epsilon = changes.pop("epsilon", radius)
            changed = config.model_copy(update=changes)
            self._known[name] = self._recall(self.run(changed, epsilon, self.positions, name)["embeddings"])
        return self._known[name]

    def _recall(self, embeddings: np.ndarray) -> float:
        return float(right(self.subject, embeddings, self.positions).mean())
