"""What arXiv 2102.07265 argues against: adversarial training that ignores how a metric loss depends on its batch.

As in adversarial training of a classifier (Madry et al., ICLR 2018), the images of the batch are perturbed to raise
the loss, here the metric loss of the whole batch: anchors, positives and negatives move at the same time, each against
others that move too, and the flat parts of the hinge give no gradient.

joint: {method: joint, attack: {optimiser: pgd, epsilon: 0.01, steps: 5}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.records import Method
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.training.step import TrainingStep


def joint(step: TrainingStep) -> Tensor:
    """Return the loss of a batch with every image adversarial."""
    triplets = step.mine(step.embed(step.images))

    def loss_of_batch(embeddings: Tensor) -> Tensor:
        return step.loss(embeddings, step.labels, triplets).expand(len(embeddings)) / len(embeddings)

    return step.loss(step.embed(step.attack_jointly(loss_of_batch)), step.labels, triplets)


ENTRY = Method(
    label="joint perturbation",
    summary="all images are perturbed at the same time to raise the loss of the whole batch",
    family="rival",
    build=lambda options: method_of_function(joint, options),
    passes=lambda config, attack: 1 + attack + FORWARD_AND_BACKWARD,
    attacks=True,
)
