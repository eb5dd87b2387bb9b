"""SMA, self metric attack (Bouniot et al., CVPRW 2020): training on images moved away from their own embeddings.

Like EST, with the squared distance of embeddings as the model gives them, and a random start.

sma: {method: sma, attack: {optimiser: pgd, epsilon: 5/255, step_size: 0.00392, steps: 7}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.batch_defence import adversarial_batch_loss
from robust_dml.training.guides import spread
from robust_dml.training.inner import only_pgd, perturb
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


def sma(step: TrainingStep) -> Tensor:
    """Return the loss of a batch with every image moved away from its own clean embedding."""
    clean = step.embed_fixed(step.images)
    moved = perturb(step, step.images, lambda embeddings: -spread(embeddings, clean), random_start=True)
    return adversarial_batch_loss(step, moved)


ENTRY = Method(
    label="SMA",
    summary="every image is moved away from its own clean embedding (Bouniot et al., CVPRW 2020)",
    family="rival",
    build=lambda options: method_of_function(sma, options),
    passes=lambda config, attack: 1 + attack + FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd,
)
