"""FNA, furthest negative attack (Bouniot et al., CVPRW 2020): GOAT that also pulls to the farthest image of the batch.

As released, an image may be its own guide, and the farthest image may be of its own class.

fna: {method: fna, guides: 4, attack: {optimiser: pgd, epsilon: 5/255, step_size: 0.00392, steps: 7}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.batch_defence import adversarial_batch_loss
from robust_dml.training.guides import GuideOptions, farthest, same_class_guides, spread
from robust_dml.training.inner import only_pgd, perturb
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


def fna(step: TrainingStep, as_released: bool, guides: int) -> Tensor:
    """Return the loss of a batch with every image moved from its guides to the farthest image of another class."""
    clean = step.embed_fixed(step.images)
    left = clean[same_class_guides(step, guides, self_too=as_released)]
    wanted = clean[farthest(step, clean, any_class=as_released)]

    def closeness(embeddings: Tensor) -> Tensor:
        return spread(embeddings, wanted) - spread(embeddings, left)

    return adversarial_batch_loss(step, perturb(step, step.images, closeness, random_start=True))


ENTRY = Method(
    label="FNA",
    summary="every image is moved from others of its class to the farthest negative (Bouniot et al., CVPRW 2020)",
    options=GuideOptions,
    family="rival",
    build=lambda options: method_of_function(fna, options),
    passes=lambda config, attack: 1 + attack + FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd,
)
