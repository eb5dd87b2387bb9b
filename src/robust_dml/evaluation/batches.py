"""One attack on a batch of queries."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.attacks.balls import BALLS, Ball
from robust_dml.attacks.objectives import margin
from robust_dml.attacks.probe import without_gradient
from robust_dml.attacks.problem import Problem
from robust_dml.config.evaluation import AttackAt
from robust_dml.evaluation.attacked import Attacked, fixed_point
from robust_dml.evaluation.origin import NOT_STAMPED
from robust_dml.evaluation.target import Target
from robust_dml.records import OBJECTIVES
from robust_dml.runtime.randomness import sample_seeds

NORM_TOLERANCE = 1e-6
ULP = 2.0**-24  # the distance of neighbouring float32 numbers between 0.5 and 1, where pixels are coarsest
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class AttackBatch:
    """An attack ready to be applied to batches of queries of `target`; `source` is the model it takes gradients of."""

    target: Target
    source: Target
    at: AttackAt
    stop_when_broken: bool
    kept: Positions
    """Positions of queries whose images are kept."""
    seed_path: tuple[int | str, ...] = ("evaluation",)
    """What random draws depend on, beside the model's seed and the query's id."""

    def problem(self, model: Target, positions: Positions) -> Problem:
        """Return the attack on some queries as a problem of `model`."""
        rows = model.tensor(positions)
        queries = model.queries.rows(rows)
        attack = self.at.attack
        record = OBJECTIVES.load(attack.objective)
        objective = record.build(queries, model.gallery)
        decision = objective if record.decides else margin(queries, model.gallery)
        return Problem(
            embed=model.embed,
            images=model.images(positions),
            objective=objective,
            ball=BALLS[attack.norm](self.at.epsilon),
            seeds=sample_seeds(queries.ids, model.seed, *self.seed_path),
            until=decision if self.stop_when_broken else None,
        )


def attack_batch(batch: AttackBatch, positions: Positions) -> Attacked:
    """Attack the queries at `positions` (B,); where a transfer fails on its source, its query has no embedding."""
    attack = batch.at.attack
    problem = batch.problem(batch.source, positions)
    adversarial = attack.record.attack(problem, attack.options)
    found = _record(batch, positions, problem.images, adversarial, _zero_gradient(batch, positions))
    if attack.source is not None:
        found.embeddings[~_finite(batch.source, adversarial)] = np.nan
    return found


def released_batch(batch: AttackBatch, positions: Positions, clean_right: Tensor) -> Attacked:
    """Attack as the released code does: away from the own clean embedding, and only queries that are right when clean.

    `clean_right` is bool (Q,), over all queries; the released code leaves the others as they are.
    """
    module, _, function = (batch.at.attack.record.released or "").partition(":")
    run_released = getattr(import_module(module), function)
    rows = batch.target.tensor(positions)
    images = batch.target.images(positions)
    right = clean_right[rows]
    adversarial = images.clone()
    if right.any():
        queries = batch.target.queries.rows(rows[right])
        seeds = sample_seeds(queries.ids, batch.target.seed, "evaluation")
        adversarial[right] = run_released(
            batch.target.embed, images[right], queries.embeddings, batch.at.attack, batch.at.epsilon, seeds
        )
    return _record(batch, positions, images, adversarial, np.zeros(len(positions), dtype=bool), checked=False)


def _record(
    batch: AttackBatch,
    positions: Positions,
    images: Tensor,
    adversarial: Tensor,
    zero_gradient: NDArray[np.bool_],
    *,
    checked: bool = True,
) -> Attacked:
    with torch.no_grad():
        embeddings = batch.target.embed(adversarial).float().cpu().numpy()
    shown = np.isin(positions, batch.kept)
    return Attacked(
        positions=positions,
        embeddings=embeddings,
        norm=_norm(batch.at, images, adversarial, checked),
        zero_gradient=zero_gradient,
        image_positions=positions[shown],
        images=fixed_point(adversarial.cpu().numpy()[shown]),
        origin=NOT_STAMPED,
    )


def _finite(model: Target, images: Tensor) -> NDArray[np.bool_]:
    """Return bool (B,), the images that a model can embed."""
    with torch.no_grad():
        return torch.isfinite(model.embed(images)).all(1).cpu().numpy()


def _norm(at: AttackAt, images: Tensor, adversarial: Tensor, checked: bool) -> NDArray[np.float64]:
    """Return the norms (B,) of the perturbations; AssertionError if one leaves its ball or the pixels [0, 1]."""
    ball = BALLS[at.attack.norm](at.epsilon)
    norm = ball.size(adversarial - images)
    if checked:
        allowed = at.epsilon + max(NORM_TOLERANCE * max(1, at.epsilon), _rounding(ball, images))
        if not bool((norm <= allowed).all()):
            raise AssertionError(f"{at.label}: norm {float(norm.max())} > {at.epsilon}")
        if float(adversarial.min()) < 0 or float(adversarial.max()) > 1:
            raise AssertionError(f"{at.label}: pixels outside [0, 1]")
    return norm.cpu().numpy()


def _rounding(ball: Ball, images: Tensor) -> float:
    """Return how much longer a perturbation may become where every pixel is rounded to float32 in its direction."""
    pixels = images[0].numel()
    return ULP * ball.epsilon / ball.evenly(pixels) if ball.epsilon else 0.0


def _zero_gradient(batch: AttackBatch, positions: Positions) -> NDArray[np.bool_]:
    """Return bool (B,), queries without a gradient of the model under attack where the attack begins."""
    first = batch.at.attack.record.first_gradient
    if first == "none":
        return np.zeros(len(positions), dtype=bool)
    problem = batch.problem(batch.target, positions)
    point = problem.images if first == "clean" else problem.start()
    return without_gradient(problem.embed, point, problem.objective).cpu().numpy()
