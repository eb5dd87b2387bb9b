"""Attacks on a batch of queries, and what is recorded of each query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.probe import without_gradient
from robust_dml.attacks.registry import first_point, run_attack
from robust_dml.config.attacks import AttackConfig
from robust_dml.evaluation.as_released import run_released
from robust_dml.evaluation.blocks import Arrays
from robust_dml.evaluation.objectives import margin_for, objective_for
from robust_dml.evaluation.target import Subject
from robust_dml.runtime.randomness import sample_seeds

NORM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Attack:
    """One attack of a study at one epsilon, ready to be applied to batches of queries."""

    subject: Subject
    config: AttackConfig
    epsilon: float
    source: Subject | None
    stop_when_broken: bool
    released: bool
    """Whether to run the released code's version beside it."""
    clean_right: np.ndarray
    """bool (Q,); the released code leaves the other queries alone."""
    examples: np.ndarray
    """Positions of queries whose images are kept."""

    def __call__(self, positions: np.ndarray) -> Arrays:
        """Attack the queries at `positions` (B,); arrays of B rows, except for `images`."""
        subject = self.subject
        images = subject.images(positions)
        at = torch.from_numpy(positions).to(subject.device)
        seeds = sample_seeds(subject.queries.ids[at], subject.seed, "evaluation")
        adversarial = self._images(images, at, seeds)
        arrays = {
            "positions": positions,
            "embeddings": self._embed(adversarial),
            "norm": require_allowed(adversarial, images, self.config, self.epsilon),
            "zero_gradient": self._zero_gradient(images, at, seeds),
            "images": adversarial.cpu().numpy()[np.isin(positions, self.examples)],
        }
        if self.released:
            right = torch.from_numpy(self.clean_right[positions]).to(subject.device)
            released = run_released(self.config, subject, images, at, right, self.epsilon, seeds)
            arrays["released_embeddings"] = self._embed(released)
        return arrays

    def _images(self, images: Tensor, at: Tensor, seeds: Tensor) -> Tensor:
        attacked = self.source or self.subject
        return run_attack(
            self.config,
            attacked.model,
            images,
            objective_for(self.config.objective, attacked, at),
            epsilon=self.epsilon,
            seeds=seeds,
            until=margin_for(attacked, at) if self.stop_when_broken else None,
        )

    def _embed(self, images: Tensor) -> np.ndarray:
        with torch.no_grad():
            embeddings: np.ndarray = self.subject.model(images).float().cpu().numpy()
        return embeddings

    def _zero_gradient(self, images: Tensor, at: Tensor, seeds: Tensor) -> np.ndarray:
        point = first_point(self.config, images, epsilon=self.epsilon, seeds=seeds)
        if point is None:
            return np.zeros(len(images), dtype=bool)
        objective = objective_for(self.config.objective, self.subject, at)
        return without_gradient(self.subject.model, point, objective).cpu().numpy()


def require_allowed(images: Tensor, clean: Tensor, config: AttackConfig, epsilon: float) -> np.ndarray:
    """The norms (B,) of the perturbations; raises AssertionError if one leaves its ball or the pixels [0, 1]."""
    norm = BALLS[config.norm](epsilon).size(images - clean)
    assert bool((norm <= epsilon + NORM_TOLERANCE * max(1, epsilon)).all()), f"norm {float(norm.max())} > {epsilon}"
    assert float(images.min()) >= 0 and float(images.max()) <= 1, "pixels outside [0, 1]"
    return norm.cpu().numpy()
