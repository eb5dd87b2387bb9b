"""The paper's robust training: one slot of each tuple is perturbed against fixed references.

A metric loss ties a sample to the others of its batch. Here the tuples are mined once, on benign embeddings; per tuple
one image is perturbed while the benign embeddings of the others are constants, so that the inner maximisation separates
into one problem per image. The adversarial image joins the batch and replaces the benign one in that tuple alone
(arXiv 2102.07265; released code, module.py, training_step).

robust: {method: robust, perturb: positive, attack_rate: 1.0, attack: {optimiser: pgd, epsilon: 0.01, steps: 5}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic import Field

from robust_dml.attacks.objectives import Objective, attract, repel
from robust_dml.miners.triplets import Slot, Triplets, redirect
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Share
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from robust_dml.config.training import TrainingConfig
    from robust_dml.training.step import TrainingStep


class RobustOptions(Options):
    """The settings of robust training."""

    perturb: Slot = Field("positive", description="the slot of a tuple that is perturbed")
    attack_rate: Share = Field(1.0, description="share of the tuples that get an adversarial member")


def robust(step: TrainingStep, perturb: Slot, attack_rate: float) -> Tensor:
    """Return the loss of a batch with a share `attack_rate` of its tuples adversarial in the slot `perturb`."""
    embeddings = step.embed(step.images)
    triplets = step.mine(embeddings)
    attacked = (step.draw(len(triplets.anchor), "attacked") < attack_rate).nonzero().flatten()
    if len(attacked) == 0:
        return step.loss(embeddings, step.labels, triplets)
    rows = getattr(triplets, perturb)[attacked]
    adversarial = step.attack(step.images[rows], slot_objective(perturb, embeddings, triplets.rows(attacked)))
    redirected = redirect(triplets, perturb, attacked, len(embeddings))
    labels = torch.cat([step.labels, step.labels[rows]])
    return step.loss(step.extend(embeddings, adversarial), labels, redirected)


def slot_objective(perturb: Slot, embeddings: Tensor, triplets: Triplets) -> Objective:
    """Return what the perturbed image of each tuple maximises; references are benign embeddings (B, d)."""
    if perturb == "positive":
        return repel(embeddings[triplets.anchor])
    if perturb == "negative":
        return attract(embeddings[triplets.anchor])
    return repel(embeddings[triplets.positive]) + attract(embeddings[triplets.negative])


def robust_passes(config: TrainingConfig, attack: float) -> float:
    """Return the passes per image of the batch: a natural step, and attack and learning of the adversarial images."""
    adversarial = cast(RobustOptions, config.options).attack_rate * config.tuples_per_anchor
    return FORWARD_AND_BACKWARD + adversarial * (attack + FORWARD_AND_BACKWARD)


ENTRY = Method(
    label="robust training",
    summary="one slot of each tuple is perturbed against the benign embeddings of the others (arXiv 2102.07265)",
    options=RobustOptions,
    family="robust",
    build=lambda options: method_of_function(robust, options),
    passes=robust_passes,
    attacks=True,
)
