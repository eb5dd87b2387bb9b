"""AMDsemi (released code of Zhou & Patel, CVPR 2022): AMD that leaves tuples which have become semihard.

All three images move jointly to lower the mean of max(d(a~, n~) - d(a~, p~), s) with s = 0.2 * sqrt(l), where l in
[0, 1] is the triplet loss of the last step divided by 0.2. The descent ends as soon as a step changes the inner loss by
less than 1e-7. As released, distances are torch's, with 1e-6 added to each component.

amdsemi: {method: amdsemi, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.attacks.descent import Stop
from robust_dml.miners.triplets import SLOTS, Triplets
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.training.defence import DefenceOptions, Members, distance_of, hardness, move, passes_of
from robust_dml.training.inner import only_pgd
from robust_dml.training.last_loss import FULL, LastLoss

if TYPE_CHECKING:
    from robust_dml.training.step import TrainingStep

STALLED = Stop(stalled=1e-7)


class AmdSemi(LastLoss):
    """The method."""

    def __init__(self, options: DefenceOptions) -> None:
        super().__init__(distance_of(options.as_released))

    def moved(self, step: TrainingStep, triplets: Triplets) -> Members:
        """Return the images of tuples that are at most semihard."""
        least = float(FULL * self.share().sqrt())

        def ease(moved: Members, clean: Members) -> Tensor:
            return torch.clamp(-hardness(moved, self.measure), min=least).mean()

        return move(step, triplets, SLOTS, ease, stop=STALLED)


ENTRY = Method(
    label="AMDsemi",
    summary="AMD that leaves tuples which have become semihard (code of Zhou & Patel, CVPR 2022)",
    options=DefenceOptions,
    family="rival",
    build=AmdSemi,
    passes=passes_of(3),
    attacks=True,
    refuses=only_pgd,
)
