"""CA-TRIDE (Tian et al., ICML 2024, arXiv 2312.07364): two attacks in turns, both of which stop short of collapse.

Collapse is measured by wm(d_ap) - wm(d_an), where wm is the mean of the distances of a batch of tuples, weighted by
exp(weighting * d): the largest distances count. The first batch and every second after it move positives and negatives
until it is zero (CAP); the others move the anchor back from collapse, towards its nearest negatives and away from its
own clean embedding (ANP). A step has the length of the attack times epoch / epochs: the first epoch is clean. Negatives
are semihard, by a margin that shrinks from 0.2 to 0.05 over the training. The loss is the study's plus half of
[T(d_ap) - T(d_an) + 0.04]_+, where T is the mean of the smaller half.

The published training cannot run: it passes too few arguments to its step and reads an attribute that does not exist.
What is compared with recorded numbers are its attacks, miner and loss. As released, distances are torch's, with 1e-6
added to each component of the difference, in the attacks positive minus anchor and anchor minus negative.

ca-tride: {method: ca-tride, weighting: 10, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 16}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.attacks.descent import Stop
from robust_dml.miners.strategies import draw_triplets
from robust_dml.miners.triplets import Triplets
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.section import Number
from robust_dml.training.defence import (
    DefenceOptions,
    Distance,
    Members,
    TupleLoss,
    distance_of,
    embed_members,
    move,
    tuple_loss,
    unit,
)
from robust_dml.training.inner import only_pgd_of_own_tuples
from robust_dml.training.methods import FORWARD_AND_BACKWARD, NoTuplesError, PlainMethod

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep

REACHED = Stop(below=1e-5)
MARGIN, HALVES_MARGIN, HALVES_WEIGHT = 0.2, 0.04, 0.5


class CaTrideOptions(DefenceOptions):
    """The settings of CA-TRIDE."""

    weighting: Number = Field(10.0, ge=0, description="of the largest distances: 10 for CUB, 9.5 for CARS, 2 for SOP")
    pairs: bool = Field(False, description="the even rows of a batch are the anchors, the rows after them positives")


class CaTride(PlainMethod):
    """The method, with the number of its steps."""

    def __init__(self, options: CaTrideOptions) -> None:
        self.options, self.measure = options, distance_of(options.as_released)
        self.count = torch.zeros((), dtype=torch.int64)

    def loss(self, step: TrainingStep) -> Tensor:
        """Return the loss of tuples that one of the two attacks has moved."""
        triplets = self.mine(step)
        perplex_anchor = bool(self.count % 2)
        self.count = self.count + 1
        pace = step.epoch / step.epochs
        if perplex_anchor:
            inner = anchor_perplexing(self.options.weighting, self.measure)
            images = move(step, triplets, ("anchor",), inner, pace=pace, stop=REACHED)
        else:
            inner = collapse_aware(self.options.weighting, self.measure)
            images = move(step, triplets, ("positive", "negative"), inner, pace=pace, stop=REACHED)
        embeddings = embed_members(step, images)
        halves = halves_hinge(Members(*map(unit, embeddings)), self.measure)
        return tuple_loss(step, triplets, embeddings) + HALVES_WEIGHT * halves

    def mine(self, step: TrainingStep) -> Triplets:
        """Return semihard tuples of the batch. Raises NoTuplesError for none."""
        found = draw_triplets(
            "semihard",
            step.embed_fixed(step.images),
            step.labels,
            step.generator("mine"),
            margin=shrinking_margin(step.epoch, step.epochs),
            pairs=self.options.pairs,
        )
        if len(found.anchor) == 0:
            raise NoTuplesError
        return found

    def state(self) -> dict[str, Tensor]:
        """Return the number of steps so far."""
        return {"count": self.count}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore the number of steps."""
        self.count = state["count"]


def shrinking_margin(epoch: int, epochs: int) -> float:
    """Return the margin of semihard negatives in an epoch, counted from 0."""
    return MARGIN * (1 - epoch / (2 * epochs)) ** 2


def weighted_mean(distances: Tensor, weighting: float) -> Tensor:
    """Return the mean of distances (T,), each weighted by exp(weighting * distance)."""
    weights = (weighting * (distances - distances.max())).exp()
    return (weights * distances).sum() / weights.sum()


def collapse_aware(weighting: float, measure: Distance) -> TupleLoss:
    """Return the inner loss of CAP: by how much weighted negatives are farther than weighted positives."""

    def inner(moved: Members, clean: Members) -> Tensor:
        near, far = measure(moved.positive, moved.anchor), measure(moved.anchor, moved.negative)
        return (weighted_mean(far, weighting) - weighted_mean(near, weighting)).clamp(min=0)

    return inner


def anchor_perplexing(weighting: float, measure: Distance) -> TupleLoss:
    """Return the inner loss of ANP: collapse, and by how much the anchor has moved less than to its near negatives."""

    def inner(moved: Members, clean: Members) -> Tensor:
        near, far = measure(moved.positive, moved.anchor), measure(moved.anchor, moved.negative)
        collapse = weighted_mean(near, weighting) - weighted_mean(far, weighting)
        away = collapse.detach().clamp(max=0).exp()
        shift = measure(moved.anchor, clean.anchor).mean()
        return collapse.clamp(min=0) + away * (smaller_half(far) - shift).clamp(min=0)

    return inner


def halves_hinge(tuples: Members, measure: Distance) -> Tensor:
    """Return [T(d_ap) - T(d_an) + 0.04]_+, a scalar."""
    near, far = measure(tuples.anchor, tuples.positive), measure(tuples.anchor, tuples.negative)
    return (smaller_half(near) - smaller_half(far) + HALVES_MARGIN).clamp(min=0)


def smaller_half(distances: Tensor) -> Tensor:
    """Return the mean of the smaller half of distances (T,); of an odd number, without the one in the middle."""
    return distances.sort().values[: max(1, len(distances) // 2)].mean()


ENTRY = Method(
    label="CA-TRIDE",
    summary="attacks on positives and negatives and on anchors in turns, short of collapse (Tian et al., ICML 2024)",
    options=CaTrideOptions,
    family="rival",
    build=CaTride,
    passes=lambda config, attack: 2 + 1.5 * attack + 3 * FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd_of_own_tuples,
)
