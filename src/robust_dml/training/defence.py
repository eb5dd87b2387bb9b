"""The common form of the published defences of metric learning.

A defence says four things: which slots of a tuple move, jointly; the inner loss, which they lower; a destination or
stopping rule; and the outer loss, of the tuples with the moved images in their slots. Each tuple has its own copies of
its images, so that an image that is in several tuples moves differently in each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from robust_dml.attacks.descent import Stop
from robust_dml.miners.triplets import Slot, Triplets
from robust_dml.retrieval.distances import distance
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.training.inner import perturb
from robust_dml.training.methods import FORWARD_AND_BACKWARD, PlainMethod

if TYPE_CHECKING:
    from robust_dml.config.training import TrainingConfig
    from robust_dml.training.step import TrainingStep

Distance = Callable[[Tensor, Tensor], Tensor]
"""Two sets of embeddings (T, d) to distances (T,)."""


class DefenceOptions(Options):
    """What all defences share."""

    as_released: bool = Field(False, description="with the peculiarities of the released code that its file names")


class Members(NamedTuple):
    """The members of T tuples: images (T, 3, H, W) or embeddings (T, d) of each slot."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor

    @classmethod
    def of(cls, batch: Tensor, triplets: Triplets) -> Members:
        """Return the rows of a batch (B, ...) that are in the tuples."""
        return cls(*(batch[rows] for rows in triplets))

    def replaced(self, slots: Sequence[Slot], parts: Tensor) -> Members:
        """Return the members with those of `slots` replaced by `parts` (S * T, ...), one slot after another."""
        return self._replace(**dict(zip(slots, parts.chunk(len(slots)), strict=True)))


TupleLoss = Callable[[Members, Members], Tensor]
"""Embeddings of the tuples with moved members, and of the clean tuples, to a scalar."""


def distance_of(as_released: bool) -> Distance:
    """Return the Euclidean distance, as released torch's, which adds 1e-6 to each component of the difference.

    At distance zero the gradient of the first is zero; that of the second has the same direction for every image.
    """
    return torch.nn.functional.pairwise_distance if as_released else distance


def unit(embeddings: Tensor) -> Tensor:
    """Return embeddings (B, d) on the unit sphere."""
    return torch.nn.functional.normalize(embeddings)


def hardness(tuples: Members, measure: Distance = distance) -> Tensor:
    """Return H = d(a,p) - d(a,n) (T,): the hardness of tuples (Zhou & Patel, CVPR 2022)."""
    return measure(tuples.anchor, tuples.positive) - measure(tuples.anchor, tuples.negative)


def move(
    step: TrainingStep,
    triplets: Triplets,
    slots: Sequence[Slot],
    inner: TupleLoss,
    *,
    random_start: bool = False,
    pace: float = 1.0,
    stop: Stop | None = None,
) -> Members:
    """Return the images of the tuples, with those in `slots` moved jointly so that `inner` falls."""
    images = Members.of(step.images, triplets)
    clean = Members.of(unit(step.embed_fixed(step.images)), triplets)
    moving = torch.cat([getattr(images, slot) for slot in slots])
    moved = perturb(
        step,
        moving,
        lambda embeddings: inner(clean.replaced(slots, unit(embeddings)), clean),
        random_start=random_start,
        pace=pace,
        stop=stop,
    )
    return images.replaced(slots, moved)


def embed_members(step: TrainingStep, images: Members) -> Members:
    """Return the embeddings of tuples of images, differentiable in the weights; all are embedded as one batch."""
    return Members(*step.embed(torch.cat(images)).chunk(3))


def tuple_loss(step: TrainingStep, triplets: Triplets, embeddings: Members) -> Tensor:
    """Return the study's loss of tuples, each of which has its own embeddings."""
    count = len(triplets.anchor)
    rows = torch.arange(3 * count, device=step.labels.device)
    return step.loss(torch.cat(embeddings), step.labels[torch.cat(triplets)], Triplets(*rows.chunk(3)))


class TupleDefence(PlainMethod):
    """A defence whose tuples are mined on clean embeddings; it says how their images move."""

    def moved(self, step: TrainingStep, triplets: Triplets) -> Members:
        """Return the images of the tuples, moved."""
        raise NotImplementedError

    def remember(self, embeddings: Members) -> None:
        """Do nothing; a defence with a curriculum notes the embeddings of the moved tuples."""

    def loss(self, step: TrainingStep) -> Tensor:
        """Return the study's loss of the tuples of a batch with their moved images. Raises NoTuplesError."""
        triplets = step.mine(step.embed_fixed(step.images))
        embeddings = embed_members(step, self.moved(step, triplets))
        self.remember(embeddings)
        return tuple_loss(step, triplets, embeddings)


@dataclass(frozen=True)
class Defence(TupleDefence):
    """A defence without memory: `slots` move jointly so that `inner` falls."""

    slots: Sequence[Slot]
    inner: TupleLoss
    random_start: bool = False
    stop: Stop | None = None

    def moved(self, step: TrainingStep, triplets: Triplets) -> Members:
        """Return the images of the tuples, those in `slots` moved."""
        return move(step, triplets, self.slots, self.inner, random_start=self.random_start, stop=self.stop)


def passes_of(slots: int) -> Callable[[TrainingConfig, float], float]:
    """Return the cost of a defence that moves so many slots: two clean passes, attack, learning from all members."""

    def passes(config: TrainingConfig, attack: float) -> float:
        return 2 + config.tuples_per_anchor * (slots * attack + 3 * FORWARD_AND_BACKWARD)

    return passes
