"""The paper's robust training: one slot of each tuple is perturbed against fixed references.

A metric loss ties a sample to the others of its mini-batch. Here the tuples are mined once, on benign embeddings;
per tuple one image is perturbed, the others' benign embeddings held constant, so that the inner maximisation
falls apart into one problem per image; the adversarial image joins the batch and stands in for the benign one
in that tuple alone (arXiv 2102.07265; released code, module.py, training_step).
"""

from __future__ import annotations

import torch
from torch import Tensor

from robust_dml.attacks.objectives import Objective, attract, repel
from robust_dml.miners import Triplets
from robust_dml.training.step import Step


def robust(step: Step) -> Tensor:
    """The loss of one step, with a share `attack_rate` of the tuples adversarial."""
    embeddings = step.embed(step.images)
    triplets = step.mine(embeddings)
    attacked = (step.draw(len(triplets.anchor), "attacked") < step.config.attack_rate).nonzero().flatten()
    if len(attacked) == 0:
        return step.loss(embeddings, step.labels, triplets)
    perturb = step.config.perturb
    rows = getattr(triplets, perturb)[attacked]
    adversarial = step.attack(step.images[rows], slot_objective(perturb, embeddings, triplets.rows(attacked)))
    redirected = redirect(triplets, perturb, attacked, len(embeddings))
    labels = torch.cat([step.labels, step.labels[rows]])
    return step.loss(step.extend(embeddings, adversarial), labels, redirected)


def slot_objective(perturb: str, embeddings: Tensor, triplets: Triplets) -> Objective:
    """What the perturbed image climbs, for each of the tuples; references are rows of benign embeddings (B, d)."""
    if perturb == "positive":
        return repel(embeddings[triplets.anchor])
    if perturb == "negative":
        return attract(embeddings[triplets.anchor])
    return repel(embeddings[triplets.positive]) + attract(embeddings[triplets.negative])


def redirect(triplets: Triplets, perturb: str, attacked: Tensor, first: int) -> Triplets:
    """Tuples number `attacked` (A,) with their perturbed slot at rows first, first + 1, ... of the longer batch."""
    slot = getattr(triplets, perturb).clone()
    slot[attacked] = torch.arange(first, first + len(attacked), device=slot.device)
    return triplets._replace(**{perturb: slot})
