"""EST, embedding-shifted triplet (Zhou et al., ECCV 2020): training on images moved away from their own embeddings.

Every image of the batch moves alone; tuples are mined on the adversarial embeddings. The published rows trained EST
alone with live BatchNorm; `freeze_batchnorm: false` does the same here. As released, the attack begins at the clean
image, where 1e-6 in torch's distance makes all images move along the all-ones direction of the embedding first, and
live BatchNorm also sees the clean batch.

est: {method: est, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.training.batch_defence import adversarial_batch_loss, shift_away
from robust_dml.training.defence import DefenceOptions
from robust_dml.training.inner import only_pgd
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


def est(step: TrainingStep, as_released: bool) -> Tensor:
    """Return the loss of a batch with every image shifted."""
    if as_released and not step.forward.independent:
        with torch.no_grad():
            step.embed(step.images)
    return adversarial_batch_loss(step, shift_away(step, step.images, as_released))


ENTRY = Method(
    label="EST",
    summary="every image is moved away from its own clean embedding (Zhou et al., ECCV 2020)",
    options=DefenceOptions,
    family="rival",
    build=lambda options: method_of_function(est, options),
    passes=lambda config, attack: 1 + attack + FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd,
)
