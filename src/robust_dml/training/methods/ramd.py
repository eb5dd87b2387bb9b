"""RAMD, relaxed AMD (released code of Zhou & Patel, CVPR 2022): AMD with a clean anchor.

The inner problem maximises the mean of d(a, p~) - d(a, n~). As released, distances are torch's, with 1e-6 added to each
component, and the anchor is as the model gives it, not on the unit sphere; the latter matters only for a backbone with
`normalize_embedding: false`.

ramd: {method: ramd, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.defence import (
    DefenceOptions,
    Members,
    distance_of,
    embed_members,
    hardness,
    move,
    passes_of,
    tuple_loss,
    unit,
)
from robust_dml.training.inner import only_pgd
from robust_dml.training.methods import method_of_function

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep


def ramd(step: TrainingStep, as_released: bool) -> Tensor:
    """Return the loss of tuples whose positive and negative make them as hard as possible for the clean anchor."""
    measure, embeddings = distance_of(as_released), step.embed_fixed(step.images)
    triplets = step.mine(embeddings)
    anchor = (embeddings if as_released else unit(embeddings))[triplets.anchor]

    def ease(moved: Members, clean: Members) -> Tensor:
        return -hardness(moved._replace(anchor=anchor), measure).mean()

    images = move(step, triplets, ("positive", "negative"), ease)
    return tuple_loss(step, triplets, embed_members(step, images))


ENTRY = Method(
    label="RAMD",
    summary="positive and negative are moved jointly to make the tuple as hard as possible for its clean anchor",
    options=DefenceOptions,
    family="rival",
    build=lambda options: method_of_function(ramd, options),
    passes=passes_of(2),
    attacks=True,
    refuses=only_pgd,
)
