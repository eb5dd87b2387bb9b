"""VisualPhishNet's own adversarial training (Abdelnabi, Krombholz & Fritz, CCS 2020; code/train/Train_adv.ipynb).

Tuples are drawn uniformly, not mined. In half of them the anchor takes one signed gradient step that raises
D^2(a,p) - D^2(a,n), with one epsilon per batch; the other half stays benign. The loss is the mean, zeros included, of
[D^2(a,p) - D^2(a,n) + margin]_+. Unlike there, the images are kept in [0, 1].

rival: {method: visualphishnet, epsilon: [0.003, 0.01], margin: 2.2}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from robust_dml.attacks.objectives import Objective
from robust_dml.losses.pairs import pair_distances
from robust_dml.miners.triplets import Triplets, redirect
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Epsilon, Number
from robust_dml.training.methods import FORWARD_AND_BACKWARD, NoTuplesError, method_of_function

if TYPE_CHECKING:
    from robust_dml.config.attacks import TrainingAttackConfig
    from robust_dml.training.step import TrainingStep


class VisualPhishNetOptions(Options):
    """The settings of VisualPhishNet's training."""

    epsilon: tuple[Epsilon, Epsilon] = Field((0.003, 0.01), description="range from which a batch draws its radius")
    margin: Number = Field(2.2, ge=0, description="by which squared distances should differ")

    @model_validator(mode="after")
    def _range_rises(self) -> Self:
        low, high = self.epsilon
        if not low <= high <= 1:
            raise ValueError(f"epsilon: expected a range [low, high] within [0, 1], found [{low:g}, {high:g}]")
        return self


def visualphishnet(step: TrainingStep, epsilon: tuple[float, float], margin: float) -> Tensor:
    """Return the loss of a batch with half of its anchors adversarial."""
    low, high = epsilon
    radius = low + (high - low) * float(step.draw(1, "epsilon"))
    triplets = uniform_triplets(step.labels, step.generator("tuples"))
    count = len(triplets.anchor)
    half = torch.randperm(count, generator=step.generator("attacked"))[: count // 2].to(step.labels.device)
    embeddings = step.embed(step.images)
    attacked, benign = triplets.rows(half), embeddings.detach()
    objective = SquaredDifference(benign[attacked.positive], benign[attacked.negative])
    adversarial = step.attack(step.images[attacked.anchor], objective, attack=_fgsm(), epsilon=radius)
    embeddings = step.extend(embeddings, adversarial)
    anchor, positive, negative = redirect(triplets, "anchor", half, len(step.images))
    near, far = pair_distances(embeddings, anchor, positive, 2), pair_distances(embeddings, anchor, negative, 2)
    return torch.relu(near - far + margin).mean()


def uniform_triplets(labels: Tensor, generator: torch.Generator) -> Triplets:
    """Draw one tuple per item that has a positive, positive and negative uniformly. Raises NoTuplesError."""
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


def _fgsm() -> TrainingAttackConfig:
    from robust_dml.config.attacks import TrainingAttackConfig

    return TrainingAttackConfig(optimiser="fgsm")


ENTRY = Method(
    label="VisualPhishNet's training",
    summary="uniform tuples, one signed gradient step on the anchors of half of them (Abdelnabi et al., CCS 2020)",
    options=VisualPhishNetOptions,
    family="rival",
    build=lambda options: method_of_function(visualphishnet, options),
    passes=lambda config, attack: FORWARD_AND_BACKWARD + 0.5 * (2 + FORWARD_AND_BACKWARD),
    optimisers=("fgsm",),
)
