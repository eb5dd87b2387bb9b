"""SES, suppressing the embedding shift (Zhou et al., TPAMI 2024): the clean loss plus the mean shift of the embeddings.

Every image of the batch moves away from its own clean embedding, as for EST (see est.py for `as_released`); tuples are
mined on the clean embeddings; the gradient flows through clean and adversarial embeddings.

ses: {method: ses, weight: 1.0, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.runtime.section import Number
from robust_dml.training.batch_defence import shift_away
from robust_dml.training.defence import DefenceOptions, distance_of, unit
from robust_dml.training.inner import only_pgd
from robust_dml.training.methods import FORWARD_AND_BACKWARD, method_of_function

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


class SesOptions(DefenceOptions):
    """The settings of SES."""

    weight: Number = Field(1.0, ge=0, description="of the mean shift, beside the clean loss")


def ses(step: TrainingStep, as_released: bool, weight: float) -> Tensor:
    """Return the loss of the clean batch plus the weighted mean distance of shifted to clean embeddings."""
    shifted = step.embed(shift_away(step, step.images, as_released))
    clean = step.embed(step.images)
    shift = distance_of(as_released)(unit(shifted), unit(clean)).mean()
    return step.loss(clean, step.labels, step.mine(clean)) + weight * shift


ENTRY = Method(
    label="SES",
    summary="the clean loss plus the distance by which an attack can shift embeddings (Zhou et al., TPAMI 2024)",
    options=SesOptions,
    family="rival",
    build=lambda options: method_of_function(ses, options),
    passes=lambda config, attack: 1 + attack + 2 * FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd,
)
