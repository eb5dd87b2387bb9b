"""VisualPhishNet's own adversarial training (Abdelnabi, Krombholz & Fritz, CCS 2020; code/train/Train_adv.ipynb).

Tuples are drawn uniformly, not mined. In half of them the anchor takes one signed gradient step that raises
D^2(a,p) - D^2(a,n), with one epsilon per batch; the other half stays clean. The loss is the mean, zeros included, of
[D^2(a,p) - D^2(a,n) + margin]_+. Unlike there, the images are kept in [0, 1].

Options: `epsilon`, the range it is drawn from, and `margin`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import relu

from robust_dml.attacks.objectives import Objective
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.losses.pairs import pair_distances
from robust_dml.miners import Triplets
from robust_dml.runtime.errors import UserError
from robust_dml.training.methods.robust import redirect
from robust_dml.training.step import NoTuplesError, Step

FGSM = TrainingAttackConfig(optimiser="fgsm")


def visualphishnet(step: Step) -> Tensor:
    """The loss of one step."""
    low, high, margin = _options(step.config.options)
    epsilon = low + (high - low) * float(step.draw(1, "epsilon"))
    triplets = uniform_triplets(step.labels, step.generator("tuples"))
    count = len(triplets.anchor)
    half = torch.randperm(count, generator=step.generator("attacked"))[: count // 2].to(step.labels.device)
    embeddings = step.embed(step.images)
    objective = SquaredDifference(*(embeddings.detach()[rows] for rows in triplets.rows(half)[1:]))
    anchors = step.images[triplets.anchor[half]]
    adversarial = step.attack(anchors, objective, attack=FGSM, epsilon=epsilon)
    embeddings = step.extend(embeddings, adversarial)
    anchor, positive, negative = redirect(triplets, "anchor", half, len(step.images))
    near, far = pair_distances(embeddings, anchor, positive, 2), pair_distances(embeddings, anchor, negative, 2)
    return relu(near - far + margin).mean()


def uniform_triplets(labels: Tensor, generator: torch.Generator) -> Triplets:
    """One tuple per item that has a positive, positive and negative drawn uniformly. Raises NoTuplesError."""
    same = (labels[:, None] == labels).cpu()
    others = same & ~torch.eye(len(labels), dtype=torch.bool)
    anchor = (others.any(1) & ~same.all(1)).nonzero().flatten()
    if len(anchor) == 0:
        raise NoTuplesError
    positive = torch.multinomial(others[anchor].double(), 1, generator=generator).flatten()
    negative = torch.multinomial((~same[anchor]).double(), 1, generator=generator).flatten()
    return Triplets(*(rows.to(labels.device) for rows in (anchor, positive, negative)))


@dataclass(frozen=True)
class SquaredDifference(Objective):
    """D^2 to `positive` minus D^2 to `negative`, both (B, d)."""

    positive: Tensor
    negative: Tensor

    def __call__(self, embeddings: Tensor) -> Tensor:
        return (embeddings - self.positive).square().sum(1) - (embeddings - self.negative).square().sum(1)

    def rows(self, index: Tensor) -> SquaredDifference:
        return SquaredDifference(self.positive[index], self.negative[index])


def _options(options: dict[str, Any]) -> tuple[float, float, float]:
    unknown = set(options) - {"epsilon", "margin"}
    if unknown:
        raise UserError(f"trainings: method visualphishnet has no option {', '.join(sorted(unknown))}")
    low, high = options.get("epsilon", (0.003, 0.01))
    return float(low), float(high), float(options.get("margin", 2.2))
