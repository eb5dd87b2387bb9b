"""GOAT, guided attack, by pushing (Bouniot et al., CVPRW 2020): images are moved away from others of their class.

The sum of squared distances to `guides` images of the class is raised, from a random start. The published guides come
from the whole training set; these come from the batch, as in the authors' intra-batch variant. As released, an image
may be its own guide.

goat: {method: goat, guides: 4, attack: {optimiser: pgd, epsilon: 5/255, step_size: 0.00392, steps: 7}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.batch_defence import adversarial_batch_loss
from robust_dml.training.guides import GuideOptions, same_class_guides, spread
from robust_dml.training.inner import only_pgd, perturb
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


def goat(step: TrainingStep, as_released: bool, guides: int) -> Tensor:
    """Return the loss of a batch with every image moved away from its guides."""
    left = step.embed_fixed(step.images)[same_class_guides(step, guides, self_too=as_released)]
    moved = perturb(step, step.images, lambda embeddings: -spread(embeddings, left), random_start=True)
    return adversarial_batch_loss(step, moved)


ENTRY = Method(
    label="GOAT",
    summary="every image is moved away from others of its class (Bouniot et al., CVPRW 2020)",
    options=GuideOptions,
    family="rival",
    build=lambda options: method_of_function(goat, options),
    passes=lambda config, attack: 1 + attack + FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd,
)
