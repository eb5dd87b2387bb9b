"""HM, hardness manipulation (Zhou & Patel, CVPR 2022): all three images move until the tuple is as hard as another.

The hardness of a tuple is H = d(a,p) - d(a,n). Tuples are mined by the strategy `source`; the inner problem minimises
the mean of min(0, H~ - H_D)^2, so that tuples already harder than their destination H_D stay clean. H_D is the hardness
of another tuple of the same anchor (`destination: semihard`), a number, or follows the loss of the last step
(`gradual`, LGA in the released code): -gamma * l^power, where l in [0, 1] is the mean of [H~ + 0.2]_+ over the last
tuples, divided by 0.2. ICS adds `ics` * mean [d(a, a~) - d(a, p)]_+ to the outer loss. The descent ends as soon as a
step changes the inner loss by less than 1e-7.

As released: distances are torch's, with 1e-6 added to each component; a softhard positive may be the anchor itself;
nothing moves if source and destination have the same name.

hm: {method: hm, source: softhard, destination: gradual, ics: 0.5, attack: {epsilon: 8/255, steps: 8}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from pydantic import Field

from robust_dml.attacks.descent import Stop
from robust_dml.miners.strategies import Strategy, draw_triplets
from robust_dml.miners.triplets import SLOTS, Triplets
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.section import Number
from robust_dml.training.defence import (
    DefenceOptions,
    Members,
    TupleLoss,
    distance_of,
    embed_members,
    hardness,
    move,
    tuple_loss,
    unit,
)
from robust_dml.training.inner import only_pgd_of_own_tuples
from robust_dml.training.last_loss import LastLoss
from robust_dml.training.methods import FORWARD_AND_BACKWARD, NoTuplesError

if TYPE_CHECKING:
    from robust_dml.config.training import TrainingConfig
    from robust_dml.training.step import TrainingStep

STALLED = Stop(stalled=1e-7)


class HmOptions(DefenceOptions):
    """The settings of hardness manipulation."""

    source: Strategy = Field("softhard", description="how the negatives of the tuples are drawn")
    destination: Strategy | Literal["gradual"] | Number = Field(
        "gradual", description="a strategy, a hardness in [-2, 2], or gradual: as far as the last loss allows"
    )
    gamma: Number = Field(0.2, ge=0, description="of the gradual destination: its hardness is at least -gamma")
    power: Number = Field(1.0, gt=0, description="of the gradual destination: exponent of the relative loss")
    ics: Number = Field(0.0, ge=0, description="weight of intra-class structure in the outer loss; the paper's is 0.5")
    pairs: bool = Field(False, description="the even rows of a batch are the anchors, the rows after them positives")


class HardnessManipulation(LastLoss):
    """The method."""

    def __init__(self, options: HmOptions) -> None:
        super().__init__(distance_of(options.as_released))
        self.options = options

    def loss(self, step: TrainingStep) -> Tensor:
        """Return the loss of tuples moved to their destination."""
        clean = step.embed_fixed(step.images)
        triplets = self.mine(step, clean)
        return self.loss_of(step, triplets, self.destination(step, clean, triplets))

    def mine(self, step: TrainingStep, clean: Tensor) -> Triplets:
        """Return the source tuples. Raises NoTuplesError for none."""
        found = self._draw(self.options.source, step, clean, "source")
        if len(found.anchor) == 0:
            raise NoTuplesError
        return found

    def destination(self, step: TrainingStep, clean: Tensor, triplets: Triplets) -> Tensor | None:
        """Return the hardness (T,) or () that tuples are moved to; None if nothing moves."""
        wanted = self.options.destination
        if wanted == "gradual":
            return self.gradual().to(clean)
        if not isinstance(wanted, str):
            return torch.as_tensor(wanted).to(clean)
        if self.options.as_released and wanted == self.options.source:
            return None
        return self.hardness_of(clean, self._draw(wanted, step, clean, "destination"))

    def gradual(self) -> Tensor:
        """Return the hardness that the last loss allows."""
        return -self.options.gamma * self.share() ** self.options.power

    def hardness_of(self, clean: Tensor, triplets: Triplets) -> Tensor:
        """Return the hardness (T,) of tuples of clean embeddings (B, d)."""
        return hardness(Members.of(unit(clean), triplets), self.measure)

    def loss_of(self, step: TrainingStep, triplets: Triplets, destination: Tensor | None) -> Tensor:
        """Return the loss of tuples moved to a destination, and remember it."""
        images = Members.of(step.images, triplets)
        if destination is not None:
            images = move(step, triplets, SLOTS, self._shortfall(destination), stop=STALLED)
        embeddings = embed_members(step, images)
        self.remember(embeddings)
        loss = tuple_loss(step, triplets, embeddings)
        return loss + self.options.ics * self._ics(step, triplets, embeddings) if self.options.ics else loss

    def _draw(self, strategy: Strategy, step: TrainingStep, clean: Tensor, purpose: str) -> Triplets:
        options, generator = self.options, step.generator(purpose)
        return draw_triplets(
            strategy, clean, step.labels, generator, pairs=options.pairs, as_released=options.as_released
        )

    def _shortfall(self, destination: Tensor) -> TupleLoss:
        def shortfall(moved: Members, clean: Members) -> Tensor:
            return (hardness(moved, self.measure) - destination).clamp(max=0).square().mean()

        return shortfall

    def _ics(self, step: TrainingStep, triplets: Triplets, moved: Members) -> Tensor:
        clean = unit(step.embed(step.images))
        anchor, positive = clean[triplets.anchor], clean[triplets.positive]
        return (self.measure(anchor, unit(moved.anchor)) - self.measure(anchor, positive)).clamp(min=0).mean()


def hm_passes(config: TrainingConfig, attack: float) -> float:
    """Return the cost of a step; the descent may end earlier."""
    ics = FORWARD_AND_BACKWARD if cast(HmOptions, config.options).ics else 0
    return 2 + 3 * attack + 3 * FORWARD_AND_BACKWARD + ics


ENTRY = Method(
    label="HM",
    summary="the images of a tuple are moved until it is as hard as its destination (Zhou & Patel, CVPR 2022)",
    options=HmOptions,
    family="rival",
    build=HardnessManipulation,
    passes=hm_passes,
    attacks=True,
    refuses=only_pgd_of_own_tuples,
)
